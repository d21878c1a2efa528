// Named checks, a person at the service, and a receiver of notifications.
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';

const checks = [];

export function check(name, run) {
  checks.push({ name, run });
}

/** Runs all checks in order; each says what it did. One that fails ends the run. */
export async function runChecks() {
  assert(checks.length > 0, 'there is nothing to check');
  for (const { name, run } of checks) {
    try {
      console.log(`ok ${name}: ${await run()}`);
    } catch (error) {
      console.log(`FAILED ${name}: ${error.stack ?? error}`);
      process.exitCode = 1;
      break;
    }
  }
  // Kept connections of the libraries must not hold the process.
  setTimeout(() => process.exit(), 100).unref();
  process.exit();
}

const control = `http://127.0.0.1:${process.env.CALGATE_SIM_CONTROL}`;

/** What calgate-sim's control endpoint does for a site. */
export async function person(site, method, what, body) {
  const response = await request(`${control}/${site}/${what}`, method, body && JSON.stringify(body));
  assert.equal(response.status, 200, `${method} ${what}: ${response.text}`);
  return JSON.parse(response.text);
}

export function request(url, method, body) {
  return new Promise((resolve, reject) => {
    const sent = http.request(url, { method }, (response) => {
      let text = '';
      response.on('data', (chunk) => { text += chunk; });
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Listens on a free port; `answer(request, body)` gives {status, type, text}. @return its origin. */
export function listen(answer) {
  return new Promise((resolve) => {
    const server = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => { body += chunk; });
      request.on('end', () => {
        const { status, type = 'text/plain', text = '' } = answer(request, body);
        response.writeHead(status, { 'Content-Type': type }).end(text);
      });
    });
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
  });
}

/** What a browser does: follows the address and comes back with a code. */
export function codeOf(address) {
  return new Promise((resolve, reject) => {
    https.get(address, (response) => {
      response.resume();
      const code = new URL(response.headers.location).searchParams.get('code');
      code ? resolve(code) : reject(new Error(`no code in ${response.headers.location}`));
    }).on('error', reject);
  });
}
