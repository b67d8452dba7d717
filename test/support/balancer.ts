import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { findFreePort } from './free-port.mjs';
import { call } from './http-call.js';

/** nginx before several gateways, as one would put it there: kept connections, turns, WebSockets. `X-Served-By` says who answered. */
export interface Balancer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts `program` (an `nginx`); use it within `describeWith('nginx', …)`. `instances`: URLs of gateways that are up. */
export async function startBalancer(program: string, instances: readonly string[]): Promise<Balancer> {
  const folder = mkdtempSync(join(tmpdir(), 'donna-balancer-'));
  const port = await findFreePort();
  const conf = join(folder, 'nginx.conf');
  writeFileSync(conf, configure(folder, port, instances));
  const nginx = spawn(program, ['-p', folder, '-c', conf, '-e', join(folder, 'error.log')], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const isUp = (): Promise<boolean> =>
    call(url, '/livez').then(
      ({ status }) => status === 200,
      () => false,
    );
  await eventually(isUp);
  return {
    url,
    stop: async () => {
      const ended = once(nginx, 'exit');
      nginx.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configure(folder: string, port: number, instances: readonly string[]): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
${userInfo().uid === 0 ? 'user root;' : ''}
events { worker_connections 512; }
http {
    access_log off;
    ${paths.join('\n    ')}
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
    upstream gateways {
        ${instances.map((url) => `server ${new URL(url).host} max_fails=1 fail_timeout=1s;`).join('\n        ')}
        keepalive 16;
        keepalive_timeout 4s;
    }
    server {
        listen 127.0.0.1:${port};
        location / {
            proxy_pass http://gateways;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            add_header X-Served-By $upstream_addr always;
        }
    }
}
`;
}
