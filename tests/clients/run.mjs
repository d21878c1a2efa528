// Starts calgate-sim and one official client against it.
//   node run.mjs SCRIPT CALGATE_SIM [options of calgate-sim …]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const [script, program, ...options] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'calgate-clients-'));

function ended(child, seconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => { child.kill('SIGKILL'); }, seconds * 1000);
    child.on('exit', (code, signal) => { clearTimeout(timer); resolve(signal ?? code); });
  });
}

const simulator = spawn(program, ['--folder', folder, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
const simulatorEnded = new Promise((resolve) => { simulator.on('exit', (code, signal) => resolve(signal ?? code)); });
const first = await createInterface({ input: simulator.stdout })[Symbol.asyncIterator]().next();
if (first.done) throw new Error(`calgate-sim ended at once with ${await simulatorEnded}.`);
const { https, control, hosts, ca_file, logins } = JSON.parse(first.value);

const client = spawn(process.execPath, ['--import', join(here, 'production_hosts.mjs'), join(here, script)], {
  stdio: 'inherit',
  env: {
    PATH: process.env.PATH,
    HOME: folder,
    TZ: 'UTC',
    NODE_EXTRA_CA_CERTS: ca_file,
    CALGATE_SIM_HTTPS: https,
    CALGATE_SIM_CONTROL: control,
    CALGATE_SIM_HOSTS: hosts.join(','),
    CALGATE_SIM_LOGINS: JSON.stringify(logins),
  },
});
const outcome = await ended(client, 120);
simulator.kill('SIGTERM');
const patience = setTimeout(() => simulator.kill('SIGKILL'), 5000);
const simulatorOutcome = await simulatorEnded;
clearTimeout(patience);
rmSync(folder, { recursive: true });
if (simulatorOutcome !== 0) console.log(`FAILED calgate-sim ended with ${simulatorOutcome} instead of 0`);
process.exit(outcome === 0 && simulatorOutcome === 0 ? 0 : 1);
