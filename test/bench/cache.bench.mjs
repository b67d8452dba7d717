// What an answer from the response cache costs beside one that is fetched, through one gateway, in rounds that take turns. Run by hand, after
// `npm run build`:
//   node test/bench/cache.bench.mjs [--dist FOLDER] [--rounds N] [--requests N] [--bytes N]
// The application behind it is a bare node:http server in this process. Prints the gateway's CPU per request and the time per request at 50
// connections (medians), and the ratio hit : fetched of each. On one machine in one run: only the ratios mean something elsewhere.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    dist: { type: 'string', default: resolve(import.meta.dirname, '../../dist') },
    rounds: { type: 'string', default: '9' },
    requests: { type: 'string', default: '3000' },
    bytes: { type: 'string', default: '300' },
  },
});
const [rounds, requests] = [Number(values.rounds), Number(values.requests)];
const CONNECTIONS = 50;
const TICKS_PER_S = 100;
const folder = mkdtempSync(join(tmpdir(), 'donna-bench-'));
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const body = JSON.stringify({ success: true, data: 'x'.repeat(Number(values.bytes)) });
const upstream = createServer((_req, res) => {
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body);
}).listen(0, '127.0.0.1');
await once(upstream, 'listening');
const route = (path, cache) =>
  `  ${path}: { match: { path: /${path}, methods: [GET] }, upstream: php, policies: { authorization: public, rateLimit: [many]${cache} } }\n`;
writeFileSync(
  join(folder, 'routes.yaml'),
  `upstreams: { php: { targets: ['\${REMOTE_PHP_BASE}'] } }
policies: { authorization: { public: {} }, rateLimit: { many: { limit: 100000000, windowS: 600, per: ip } } }
routes:
${route('fetched', '')}${route('hit', ', cache: { ttlS: 3600, vary: public, cacheControl: override }')}`,
);
const gateway = spawn(process.execPath, [join(values.dist, 'main.js')], {
  cwd: folder,
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    PATH: process.env.PATH,
    NODE_ENV: 'test',
    PORT: '0',
    LOG_LEVEL: 'silent',
    JWT_SECRET: 'bench-secret-bench-secret-bench-secret-1',
    GATEWAY_IDENTITY_SECRET: 'bench-secret-bench-secret-bench-secret-2',
    ROUTES_FILE: join(folder, 'routes.yaml'),
    REMOTE_PHP_BASE: `http://127.0.0.1:${upstream.address().port}`,
  },
});
try {
  const url = await listening();
  const samples = { fetched: [], hit: [] };
  for (let round = -2; round < rounds; round++) {
    for (const path of round % 2 === 0 ? ['fetched', 'hit'] : ['hit', 'fetched']) {
      const sample = await measure(`${url}/${path}`);
      if (round >= 0) samples[path].push(sample);
    }
  }
  const median = (path, field) => samples[path].map((sample) => sample[field]).toSorted((a, b) => a - b)[rounds >> 1];
  for (const [field, unit] of [
    ['cpuUs', 'µs of the gateway’s CPU'],
    ['wallUs', 'µs at 50 connections'],
  ]) {
    const [fetched, hit] = [median('fetched', field), median('hit', field)];
    console.log(
      `${unit.padEnd(26)} fetched ${fetched.toFixed(0).padStart(5)}   hit ${hit.toFixed(0).padStart(5)}   ratio ${(hit / fetched).toFixed(2)}`,
    );
  }
} finally {
  agent.destroy();
  gateway.kill('SIGTERM');
  await once(gateway, 'exit');
  upstream.closeAllConnections();
  upstream.close();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(address) {
  const [cpu, began] = [cpuTicks(), performance.now()];
  let left = requests;
  const worker = async () => {
    while (left-- > 0) await ask(address);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  const cpuUs = (((cpuTicks() - cpu) / TICKS_PER_S) * 1e6) / requests;
  return { cpuUs, wallUs: ((performance.now() - began) * 1000) / requests };
}

/** User and system time of the gateway's process. Linux only. */
function cpuTicks() {
  const fields = readFileSync(`/proc/${gateway.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function ask(address) {
  return new Promise((done, fail) => {
    request(address, { agent }, (res) => {
      if (res.statusCode !== 200) fail(new Error(`${address}: ${res.statusCode}`));
      res.resume().once('end', done);
    })
      .once('error', fail)
      .end();
  });
}

async function listening() {
  let said = '';
  for await (const chunk of gateway.stdout) {
    said += String(chunk);
    const found = /http:\/\/(?:127\.0\.0\.1|localhost):\d+/.exec(
      said.replaceAll(`http://127.0.0.1:${upstream.address().port}`, ''),
    );
    if (found !== null) {
      gateway.stdout.resume();
      return found[0];
    }
  }
  throw new Error(`the gateway did not start: ${said}`);
}
