// Loaded before a client (node --import): connections to the services' own host names end at calgate-sim. Names,
// certificates and everything above TLS stay as they are in production.
import tls from 'node:tls';
import net from 'node:net';

const port = Number(process.env.CALGATE_SIM_HTTPS);
const hosts = new Set(process.env.CALGATE_SIM_HOSTS.split(','));
const connect = tls.connect;

tls.connect = function redirected(options, ...rest) {
  if (typeof options !== 'object' || !hosts.has(options.host)) {
    throw new Error(`Nothing but the simulated services may be reached, not ${options?.host ?? options}.`);
  }
  const servername = options.servername || options.host;
  return connect.call(tls, { ...options, host: '127.0.0.1', port, servername, lookup: undefined }, ...rest);
};

// fetch of Node connects by itself and hands the socket over.
const connectPlain = net.connect;
net.connect = net.createConnection = function redirected(options, ...rest) {
  if (typeof options === 'object' && hosts.has(options.host)) {
    return connectPlain.call(net, { ...options, host: '127.0.0.1', port, lookup: undefined }, ...rest);
  }
  return connectPlain.call(net, options, ...rest);
};
