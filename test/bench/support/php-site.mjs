import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../support/free-port.mjs';
import { nginxHead } from './nginx.mjs';
import { startProgram, untilReady } from './processes.mjs';

const AIM_MICROS = 5000;
const TRIES = 7;

/** Hashes as often as it is told to; `?cpu` tells its own processor time instead, in microseconds. */
const WORK_PHP = `<?php
declare(strict_types=1);
function spent(): int { $u = getrusage(); return ($u['ru_utime.tv_sec'] + $u['ru_stime.tv_sec']) * 1000000 + $u['ru_utime.tv_usec'] + $u['ru_stime.tv_usec']; }
$before = spent();
$hash = 'bench';
for ($i = 0, $times = (int) ($_GET['times'] ?? $_SERVER['BENCH_TIMES']); $i < $times; $i++) $hash = md5($hash);
header('Content-Type: application/json');
echo json_encode(['success' => true, 'data' => ['hash' => $hash, 'cpu' => isset($_GET['cpu']) ? spent() - $before : null]]);
`;
const LIGHT_PHP = `<?php
declare(strict_types=1);
header('Content-Type: application/json');
echo json_encode(['success' => true, 'data' => ['id' => 1, 'title' => 'A first call']]);
`;

const SLOW_PHP = `<?php
declare(strict_types=1);
usleep(400000);
header('Content-Type: application/json');
echo '{"success":true}';
`;

/**
 * nginx before php-fpm with so many `children` on processors `cpu`: /work.php takes PHP about 5 ms of processor time (calibrated here, on
 * this machine), /light.php next to none, /slow.php waits for 400 ms.
 */
export async function startPhpSite(bench, { cpu = '1', name = 'php', children = 8 } = {}) {
  const port = await findFreePort();
  const folder = join(bench.folder, name);
  mkdirSync(join(folder, 'public'), { recursive: true });
  for (const file of ['work.php', 'cached.php']) writeFileSync(join(folder, 'public', file), WORK_PHP);
  writeFileSync(join(folder, 'public/light.php'), LIGHT_PHP);
  writeFileSync(join(folder, 'public/slow.php'), SLOW_PHP);
  writeFileSync(join(folder, 'fpm.conf'), fpmConf(folder, children));
  const timesFile = join(folder, 'times.conf');
  writeFileSync(timesFile, 'fastcgi_param BENCH_TIMES 1;');
  const conf = join(folder, 'nginx.conf');
  writeFileSync(conf, nginxConf(folder, port));
  const isRoot = process.getuid() === 0;
  const fpm = startProgram({
    name: 'php-fpm',
    cpu,
    command: bench.programs['php-fpm'],
    args: ['-F', ...(isRoot ? ['-R'] : []), '-y', join(folder, 'fpm.conf')],
  });
  const startNginx = () =>
    startProgram({ name: 'nginx', cpu, command: bench.programs.nginx, args: ['-e', 'stderr', '-c', conf] });
  let nginx = startNginx();
  const origin = `http://127.0.0.1:${port}`;
  const isReady = async () => (await fetch(`${origin}/light.php`)).ok;
  await untilReady(nginx, isReady);
  const calibrated = await calibrate(origin);
  writeFileSync(timesFile, `fastcgi_param BENCH_TIMES ${calibrated.times};`);
  await nginx.stop();
  nginx = startNginx();
  await untilReady(nginx, isReady);
  return {
    origin,
    workMicros: calibrated.micros,
    cpuMicros: () => fpm.cpuMicros() + nginx.cpuMicros(),
    stop: () => Promise.all([nginx.stop(), fpm.stop()]),
  };
}

/** How often to hash for 5 ms, and what that takes when measured once more. */
async function calibrate(origin) {
  const micros = async (times) => {
    const seen = [];
    for (let i = 0; i < TRIES; i++) {
      const { data } = await (await fetch(`${origin}/work.php?cpu=1&times=${times}`)).json();
      seen.push(data.cpu);
    }
    return seen.toSorted((a, b) => a - b)[TRIES >> 1];
  };
  const sample = 20_000;
  const times = Math.round((sample * AIM_MICROS) / (await micros(sample)));
  return { times, micros: await micros(times) };
}

function fpmConf(folder, children) {
  const user = process.getuid() === 0 ? 'user = root\ngroup = root' : '';
  return `[global]
error_log = ${folder}/fpm.log
daemonize = no
[www]
listen = ${folder}/fpm.sock
listen.backlog = 1024
${user}
pm = static
pm.max_children = ${children}
`;
}

function nginxConf(folder, port) {
  return `
${nginxHead(folder, 'nginx')}
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path ${folder}/body;
  fastcgi_temp_path ${folder}/fastcgi;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location ~ ^/[a-z]+\\.php$ {
      include ${folder}/times.conf;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param REQUEST_URI $request_uri;
      fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param SCRIPT_FILENAME ${folder}/public$fastcgi_script_name;
      fastcgi_pass unix:${folder}/fpm.sock;
    }
  }
}
`;
}
