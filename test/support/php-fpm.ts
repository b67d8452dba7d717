import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from '@jest/globals';
import { requirePart } from '../setup/parts.js';
import { findFreePort } from './free-port.mjs';

const LEGACY_PHP = resolve(import.meta.dirname, '../../legacy-php');
const START_WITHIN_MS = 45_000;

/** The programs that {@link startPhpFpm} starts. */
export interface FpmParts {
  readonly fpm: string;
  readonly nginx: string;
}

export interface PhpFpmOptions {
  /** Besides what the application needs of its environment anyway. */
  readonly env?: Readonly<Record<string, string>>;
  /** nginx's own bound on bodies, in its spelling; `0` for none. */
  readonly clientMaxBodySize?: string;
  /** Whether nginx reads a body whole before PHP sees its first byte. */
  readonly buffersRequests?: boolean;
}

export interface PhpFpm {
  readonly origin: string;
  readonly port: number;
  /** The processes that run PHP now. Linux only. */
  workers(): readonly number[];
  /** Stops nginx's clock (SIGSTOP): connections are taken by the system, and nothing is answered. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/** A `describe` whose tests need php-fpm and nginx; where one is absent the report says which (see test/setup/parts). */
export function describeWithFpm(title: string, define: (parts: FpmParts) => void): void {
  const fpm = requirePart('php-fpm');
  const nginx = requirePart('nginx');
  describe(title, () => {
    if (fpm.isPresent && nginx.isPresent) define({ fpm: fpm.path, nginx: nginx.path });
    for (const part of [fpm, nginx]) if (!part.isPresent) it.todo(`left out: ${part.reason}`);
  });
}

/**
 * Starts php-fpm behind nginx for legacy-php, by its own `nginx.conf.example` (so that the example is tested too), with the
 * fixtures under `/__fixtures/`. Everything is unbuffered, lives in one temporary folder and ends with `stop()`.
 */
export async function startPhpFpm(parts: FpmParts, options: PhpFpmOptions = {}): Promise<PhpFpm> {
  const folder = mkdtempSync(join(tmpdir(), 'donna-fpm-'));
  const port = await findFreePort();
  const socket = join(folder, 'fpm.sock');
  writeFileSync(join(folder, 'fpm.conf'), fpmConf(folder, socket));
  writeFileSync(join(folder, 'fastcgi_params'), FASTCGI_PARAMS);
  writeFileSync(join(folder, 'nginx.conf'), nginxConf(folder, socket, port, options));
  const env = {
    PATH: process.env['PATH'] ?? '',
    NODE_ENV: 'test',
    DONNA_DATA_DIR: join(folder, 'data'),
    DONNA_LOOPBACK_ONLY: '1',
    ENABLE_PHP_RATE_LIMITING: 'false',
    ...options.env,
  };
  const isRoot = userInfo().uid === 0;
  const fpm = run(
    parts.fpm,
    ['-F', ...(isRoot ? ['-R'] : []), '-c', join(LEGACY_PHP, 'php.ini'), '-y', join(folder, 'fpm.conf')],
    env,
  );
  const nginx = run(
    parts.nginx,
    ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'nginx.err')],
    env,
  );
  const stop = async (): Promise<void> => {
    nginx.process.kill('SIGCONT');
    await Promise.all([end(nginx, 'SIGTERM'), end(fpm, 'SIGTERM')]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all([connects({ path: socket }, fpm), connects({ port }, nginx)]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    workers: () => childrenOf(fpm.process.pid),
    freeze: () => void nginx.process.kill('SIGSTOP'),
    thaw: () => void nginx.process.kill('SIGCONT'),
    stop,
  };
}

interface Child {
  readonly process: ChildProcess;
  readonly said: string[];
}

function run(path: string, args: readonly string[], env: Readonly<Record<string, string>>): Child {
  const child = spawn(path, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  child.on('error', (error) => said.push(error.message));
  return { process: child, said };
}

function childrenOf(pid: number | undefined): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

async function end({ process: child }: Child, signal: 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const hard = setTimeout(() => child.kill('SIGKILL'), 3000);
  await ended;
  clearTimeout(hard);
}

async function connects(address: { path: string } | { port: number }, child: Child): Promise<void> {
  const until = Date.now() + START_WITHIN_MS;
  for (;;) {
    const isOpen = await new Promise<boolean>((done) => {
      const probe = 'path' in address ? connect(address.path) : connect(address.port, '127.0.0.1');
      probe.once('connect', () => done(true)).once('error', () => done(false));
      probe.once('connect', () => probe.destroy());
    });
    if (isOpen) return;
    if (Date.now() > until || child.process.exitCode !== null) {
      throw new Error(`${child.process.spawnfile} did not start: ${child.said.join('').trim()}`);
    }
    await sleep(25);
  }
}

function fpmConf(folder: string, socket: string): string {
  return `
[global]
error_log = ${folder}/fpm.log
daemonize = no
[www]
listen = ${socket}
${userInfo().uid === 0 ? 'user = root\ngroup = root' : ''}
pm = static
pm.max_children = 5
clear_env = no
catch_workers_output = yes
request_terminate_timeout = 120
php_admin_value[upload_max_filesize] = 2G
php_admin_value[post_max_size] = 2G
php_admin_value[memory_limit] = 256M
php_admin_value[max_input_time] = -1
php_admin_value[output_buffering] = 0
php_admin_value[error_log] = ${folder}/php.log
`;
}

function nginxConf(folder: string, socket: string, port: number, options: PhpFpmOptions): string {
  const bound = options.clientMaxBodySize ?? '0';
  const fixtures = `
    location ~ ^/__fixtures/[a-z0-9-]+\\.php(?:/|$) {
        fastcgi_split_path_info ^/__fixtures(/[a-z0-9-]+\\.php)(/.*)?$;
        include fastcgi_params;
        fastcgi_param SCRIPT_NAME /__fixtures$fastcgi_script_name;
        fastcgi_param SCRIPT_FILENAME ${LEGACY_PHP}/tests/fixtures/public$fastcgi_script_name;
        fastcgi_param PATH_INFO $fastcgi_path_info;
        fastcgi_param HTTP_PROXY "";
        fastcgi_pass unix:/run/php/php-fpm.sock;
    }
    location / {
        return 404;`;
  const server = readFileSync(join(LEGACY_PHP, 'nginx.conf.example'), 'utf8')
    .replace(/listen .*;/, `listen 127.0.0.1:${port};`)
    .replace(/client_max_body_size .*;/, `client_max_body_size ${bound};`)
    .replace(/location \/ \{\s*return 404;/, () => fixtures)
    .replaceAll('/srv/donna/legacy-php', LEGACY_PHP)
    .replaceAll('unix:/run/php/php-fpm.sock', `unix:${socket}`);
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.err;
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path ${folder}/body;
    fastcgi_temp_path ${folder}/fastcgi;
    proxy_temp_path ${folder}/proxy;
    uwsgi_temp_path ${folder}/uwsgi;
    scgi_temp_path ${folder}/scgi;
    fastcgi_buffering off;
    fastcgi_request_buffering ${options.buffersRequests === true ? 'on' : 'off'};
    fastcgi_read_timeout 120s;
    types { text/css css; text/javascript js; image/svg+xml svg; }
${server}
}
`;
}

/** As nginx ships it; Debian's own has the Host without its port besides. */
const FASTCGI_PARAMS = `
fastcgi_param QUERY_STRING $query_string;
fastcgi_param REQUEST_METHOD $request_method;
fastcgi_param CONTENT_TYPE $content_type;
fastcgi_param CONTENT_LENGTH $content_length;
fastcgi_param SCRIPT_NAME $fastcgi_script_name;
fastcgi_param REQUEST_URI $request_uri;
fastcgi_param DOCUMENT_URI $document_uri;
fastcgi_param DOCUMENT_ROOT $document_root;
fastcgi_param SERVER_PROTOCOL $server_protocol;
fastcgi_param REQUEST_SCHEME $scheme;
fastcgi_param GATEWAY_INTERFACE CGI/1.1;
fastcgi_param SERVER_SOFTWARE nginx/$nginx_version;
fastcgi_param REMOTE_ADDR $remote_addr;
fastcgi_param REMOTE_PORT $remote_port;
fastcgi_param SERVER_ADDR $server_addr;
fastcgi_param SERVER_PORT $server_port;
fastcgi_param SERVER_NAME $server_name;
fastcgi_param REDIRECT_STATUS 200;
`;
