// What one slow PHP page does to all others, before a php-fpm with few workers: 99th percentile of a fast page without and with
// sixteen callers that hang on a slow one. With `connections` at the number of workers the gateway keeps half of them free of
// the slow page; without (the default of 256, or no gateway) a pool that is full of slow requests blocks everybody.
//   npm run build && node test/bench/bulkhead.mjs [--rounds N] [--seconds N] [--dist FOLDER]
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCaller } from './support/caller.mjs';
import { startGateway } from './support/gateway.mjs';
import { load } from './support/load.mjs';
import { nginxHead } from './support/nginx.mjs';
import { readOptions } from './support/options.mjs';
import { findPort, startProgram, untilReady } from './support/processes.mjs';
import { findPrograms } from './support/programs.mjs';

const WORKERS = 8;
const SLOW_MS = 400;
const SLOW_CALLERS = 16;
const FAST_CONNECTIONS = 4;

const options = readOptions(['php']);
const folder = mkdtempSync(join(tmpdir(), 'donna-bulkhead-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const bench = { ...options, folder, caller: makeCaller() };
const programs = findPrograms(['php']);
const php = await startPhp();
const bounded = await startGateway(bench, { table: tableOf(WORKERS), upstream: php.origin });
const unbounded = await startGateway(bench, { table: tableOf(256), upstream: php.origin });
const ways = {
  'gateway, connections: 8': bounded.origin,
  'gateway, connections: 256': unbounded.origin,
  'nginx, php-fpm': php.origin,
};
const seen = Object.fromEntries(Object.keys(ways).map((name) => [name, { alone: [], beside: [] }]));
for (let round = -1; round < options.rounds; round++) {
  for (const [name, origin] of Object.entries(ways)) {
    for (const how of ['alone', 'beside']) {
      const stop = how === 'beside' ? hang(`${origin}/slow.php`) : () => undefined;
      const { p99Micros } = await load(`${origin}/fast.php`, {
        connections: FAST_CONNECTIONS,
        seconds: options.seconds,
        headers: bench.caller.headers,
      });
      await stop();
      if (round >= 0) seen[name][how].push(p99Micros);
    }
  }
}
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const rows = Object.entries(seen).map(([name, { alone, beside }]) => {
  const [before, after] = [median(alone), median(beside)];
  return {
    name,
    'p99 alone, ms': before / 1000,
    'p99 beside a slow page, ms': after / 1000,
    ratio: Number((after / before).toFixed(2)),
  };
});
console.table(rows);
await Promise.all([bounded.stop(), unbounded.stop()]);
await php.stop();

/** Callers that ask for a slow page all the time. @returns what ends them */
function hang(url) {
  const agent = new Agent({ keepAlive: true });
  const run = { isOver: false };
  const ask = () =>
    new Promise((done) => {
      const req = request(url, { agent, headers: bench.caller.headers }, (res) => res.resume().on('close', done));
      req.on('error', done).end();
    });
  const callers = Array.from({ length: SLOW_CALLERS }, async () => {
    while (!run.isOver) await ask();
  });
  return async () => {
    run.isOver = true;
    await Promise.all(callers);
    agent.destroy();
  };
}

function tableOf(connections) {
  const policies = { authorization: 'user', rateLimit: ['default'], answers: 'json', concurrency: { caller: 1000 } };
  const route = (file) => ({ match: { path: `/${file}`, methods: ['GET'] }, upstream: 'php', policies });
  return JSON.stringify({
    upstreams: { php: { targets: ['${REMOTE_PHP_BASE}'], identity: true, connections } },
    policies: {
      authorization: { public: {}, user: { anyOf: ['jwt'] } },
      rateLimit: { default: { limit: 1_000_000_000, windowS: 60, per: 'identity' } },
    },
    routes: {
      ready: {
        match: { path: '/readyz', methods: ['GET'] },
        handler: 'health.ready',
        policies: { authorization: 'public', rateLimit: [] },
      },
      slow: route('slow.php'),
      fast: route('fast.php'),
      other: route('other.php'),
    },
  });
}

async function startPhp() {
  const port = await findPort();
  mkdirSync(join(folder, 'public'));
  const script = (work) => `<?php\n${work}\nheader('Content-Type: application/json');\necho '{"success":true}';\n`;
  writeFileSync(join(folder, 'public/fast.php'), script(''));
  writeFileSync(join(folder, 'public/slow.php'), script(`usleep(${SLOW_MS * 1000});`));
  const user = process.getuid() === 0 ? 'user = root\ngroup = root' : '';
  writeFileSync(
    join(folder, 'fpm.conf'),
    `[global]\nerror_log = ${folder}/fpm.log\ndaemonize = no\n[www]\nlisten = ${folder}/fpm.sock\nlisten.backlog = 1024\n${user}\npm = static\npm.max_children = ${WORKERS}\n`,
  );
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${nginxHead(folder, 'nginx')}
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path ${folder}/body;
  fastcgi_temp_path ${folder}/fastcgi;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location ~ ^/[a-z]+\\.php$ {
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param SCRIPT_FILENAME ${folder}/public$fastcgi_script_name;
      fastcgi_pass unix:${folder}/fpm.sock;
    }
  }
}
`,
  );
  const fpm = startProgram({
    name: 'php-fpm',
    cpu: '1',
    command: programs['php-fpm'],
    args: ['-F', ...(process.getuid() === 0 ? ['-R'] : []), '-y', join(folder, 'fpm.conf')],
  });
  const nginx = startProgram({
    name: 'nginx',
    cpu: '1',
    command: programs.nginx,
    args: ['-e', 'stderr', '-c', join(folder, 'nginx.conf')],
  });
  const origin = `http://127.0.0.1:${port}`;
  await untilReady(nginx, async () => (await fetch(`${origin}/fast.php`)).ok);
  return { origin, stop: () => Promise.all([nginx.stop(), fpm.stop()]) };
}
