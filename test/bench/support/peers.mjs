import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { findFreePort } from '../../support/free-port.mjs';
import { nginxHead } from './nginx.mjs';
import { startProgram, untilReady } from './processes.mjs';

const PEERS = resolve(import.meta.dirname, '../peers');

/** Installs what the peers need, once, beside them: the project itself does not depend on it. */
export function installPeers() {
  const lock = join(PEERS, 'package-lock.json');
  const installed = join(PEERS, 'node_modules/.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.error('Installing the peers (test/bench/peers) …');
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: PEERS,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Starts a peer of test/bench/peers, `file` without its ending, before `upstream`. */
export async function startPeer(bench, file, { upstream, env = {}, name = file, cpu = '0' }) {
  const port = await findFreePort();
  const { secret, allowedOrigin } = bench.caller;
  const program = startProgram({
    name,
    cpu,
    command: process.execPath,
    args: [compiled(file)],
    cwd: PEERS,
    env: {
      NODE_ENV: 'production',
      PORT: String(port),
      UPSTREAM: upstream,
      JWT_SECRET: secret,
      ALLOWED_ORIGIN: allowedOrigin,
      ...env,
    },
  });
  const origin = `http://127.0.0.1:${port}`;
  await untilReady(program, async () => (await fetch(`${origin}/ready`)).status > 0);
  return { ...program, origin, port };
}

/** nginx as a reverse proxy, with what it can do of the policies: limit, headers, CORS. It verifies no token and writes no envelope. */
export async function startNginxProxy(bench, { upstream, cpu = '0' }) {
  const port = await findFreePort();
  const conf = join(bench.folder, 'proxy.conf');
  writeFileSync(conf, proxyConf(bench, port, new URL(upstream).host));
  const program = startProgram({
    name: 'nginx',
    cpu,
    command: bench.programs.nginx,
    args: ['-e', 'stderr', '-c', conf],
  });
  const origin = `http://127.0.0.1:${port}`;
  await untilReady(program, async () => (await fetch(`${origin}/small`)).status > 0);
  return { ...program, origin, port };
}

/** Decorators are TypeScript's: such a peer is translated first, beside its modules. */
function compiled(file) {
  const source = join(PEERS, `${file}.ts`);
  if (!existsSync(source)) return join(PEERS, `${file}.mjs`);
  const { outputText } = ts.transpileModule(readFileSync(source, 'utf8'), {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  const folder = join(PEERS, 'dist');
  mkdirSync(folder, { recursive: true });
  const target = join(folder, `${file}.mjs`);
  writeFileSync(target, outputText.replaceAll("'./settings.mjs'", "'../settings.mjs'"));
  return target;
}

function proxyConf({ folder, caller }, port, server) {
  return `
${nginxHead(folder, 'proxy')}
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path ${folder}/proxy-body;
  proxy_temp_path ${folder}/proxy-temp;
  client_max_body_size 64m;
  limit_req_zone $binary_remote_addr zone=address:1m rate=1000000r/s;
  map $http_origin $allowed { '${caller.allowedOrigin}' $http_origin; }
  upstream php { server ${server}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      limit_req zone=address burst=100000 nodelay;
      proxy_pass http://php;
      proxy_http_version 1.1;
      proxy_set_header Connection '';
      proxy_set_header X-Forwarded-For $remote_addr;
      add_header Access-Control-Allow-Origin $allowed;
      add_header Access-Control-Allow-Credentials true;
      add_header Vary Origin;
      add_header Content-Security-Policy "default-src 'self'";
      add_header Cross-Origin-Opener-Policy same-origin;
      add_header Cross-Origin-Resource-Policy same-origin;
      add_header Referrer-Policy no-referrer;
      add_header Strict-Transport-Security 'max-age=31536000; includeSubDomains';
      add_header X-Content-Type-Options nosniff;
      add_header X-Frame-Options SAMEORIGIN;
    }
  }
}
`;
}
