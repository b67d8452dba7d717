import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { soakTable } from './table.mjs';

const PROJECT = resolve(import.meta.dirname, '../..');
const START_WITHIN_MS = 60_000;
export const ORIGIN = 'https://app.example';

/** Starts the built gateway with the probe, and with a planted fault where one is wanted. */
export async function startGateway({ dist, plant, upstream, realtime, databaseUrl }) {
  const main = join(resolve(PROJECT, dist), 'main.js');
  if (!existsSync(main)) throw new Error(`${main} is not there: npm run build`);
  const folder = mkdtempSync(join(tmpdir(), 'donna-soak-'));
  const routes = join(folder, 'routes.yaml');
  writeFileSync(routes, soakTable());
  const silent = await startSilent();
  const secret = randomBytes(48).toString('base64');
  const preload = ['probe.mjs', ...(plant === undefined ? [] : ['plant.mjs'])].flatMap((file) => [
    '--import',
    join(import.meta.dirname, file),
  ]);
  const child = spawn(process.execPath, ['--expose-gc', ...preload, main], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'silent',
      JWT_SECRET: secret,
      GATEWAY_IDENTITY_SECRET: randomBytes(48).toString('base64'),
      ALLOWED_ORIGINS: ORIGIN,
      // All callers come from here.
      TRUSTED_PROXIES: '127.0.0.1',
      MAX_CONNECTIONS_PER_IP: '2000',
      REMOTE_PHP_BASE: upstream,
      ROUTES_FILE: routes,
      ENABLE_WS_PROXY: 'true',
      OPENAI_BASE_URL: realtime,
      OPENAI_API_KEY: ['sk', 'proj', randomBytes(16).toString('hex')].join('-'),
      ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
      ...(plant === undefined ? {} : { SOAK_PLANT: plant, SOAK_PORT: String(silent.address().port) }),
    },
  });
  process.on('exit', () => child.kill('SIGKILL'));
  const port = await portOf(child, upstream);
  const measured = [];
  child.on('message', (measure) => measured.shift()?.(measure));
  return {
    port,
    secret,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    /** After a collection: bytes that are held, what keeps the process alive by kind, the event loop's delay, open files by kind. */
    measure: async () => {
      const answer = new Promise((next) => measured.push(next));
      child.send('measure');
      return { ...(await answer), files: filesOf(child.pid) };
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      silent.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function portOf(child, upstream) {
  return new Promise((done, fail) => {
    let said = '';
    const late = setTimeout(() => fail(new Error(`the gateway did not start: ${said}`)), START_WITHIN_MS);
    const read = (text) => {
      said += text;
      const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(said.replaceAll(upstream, ''));
      if (found === null) return;
      clearTimeout(late);
      done(Number(found[1]));
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.once('exit', () => fail(new Error(`the gateway ended: ${said}`)));
  });
}

/** Open files of a process by kind: socket, pipe, file, … */
function filesOf(pid) {
  const kinds = {};
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    let kind = 'gone';
    try {
      kind = /^(\w+):\[/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? 'file';
    } catch {
      // Closed meanwhile.
    }
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return kinds;
}

/** Takes connections and says nothing: for those that a planted fault forgets. */
async function startSilent() {
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
