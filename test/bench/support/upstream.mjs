import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../support/free-port.mjs';
import { nginxHead } from './nginx.mjs';
import { startProgram, untilReady } from './processes.mjs';

/** Bytes of the answers' bodies, about. */
export const SIZES = { small: 300, medium: 20_000, large: 1_000_000 };

/** What stands behind in most parts: nginx with answers of three sizes, and a place that reads an upload whole. */
export async function startUpstream({ folder, programs }) {
  const port = await findFreePort();
  const files = join(folder, 'answers');
  mkdirSync(files);
  for (const [name, bytes] of Object.entries(SIZES)) writeFileSync(join(files, name), json(bytes));
  const conf = join(folder, 'upstream.conf');
  writeFileSync(conf, upstreamConf(folder, files, port));
  const program = startProgram({
    name: 'upstream',
    cpu: '1',
    command: programs.nginx,
    args: ['-e', 'stderr', '-c', conf],
  });
  const origin = `http://127.0.0.1:${port}`;
  await untilReady(program, async () => (await fetch(`${origin}/small`)).ok);
  return { ...program, origin };
}

/** An answer in the shape that the PHP application gives. */
function json(bytes) {
  const row = (id) => ({ id, title: `Conversation ${id}`, created_at: '2026-11-23T04:28:26Z', status: 'active' });
  const data = [];
  for (let length = 27; length < bytes; length += JSON.stringify(data.at(-1)).length + 1) data.push(row(data.length));
  return JSON.stringify({ success: true, data });
}

/** `return` is cheaper than a file, and what is small is asked for most often: the upstream must not be what is measured. */
function upstreamConf(folder, files, port) {
  return `
${nginxHead(folder, 'upstream')}
http {
  access_log off;
  keepalive_requests 1000000000;
  default_type application/json;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=16;
  client_body_temp_path ${folder}/upstream-body;
  proxy_temp_path ${folder}/upstream-proxy;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${files};
    location = /small { return 200 '${json(SIZES.small)}'; }
    location = /lookup { add_header Cache-Control no-store; return 200 '${json(SIZES.small)}'; }
    location ~ ^/(hit|without-[a-z]+)$ { return 200 '${json(SIZES.small)}'; }
    # Read whole, then told to the next one without its body.
    location = /upload {
      client_max_body_size 64m;
      client_body_buffer_size 2m;
      proxy_pass http://127.0.0.1:${port}/small;
      proxy_pass_request_body off;
      proxy_method GET;
      proxy_set_header Content-Length '';
    }
  }
}
`;
}
