import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

/** What was measured on, without a name or an address of it. */
export function describeMachine(programs) {
  return {
    cpu: `${cpus()[0]?.model.trim()}, ${availableParallelism()} processors`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release().split('-')[0]}`,
    system: /^PRETTY_NAME="(.*)"/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown',
    node: process.version.slice(1),
    nginx: firstVersion(programs.nginx, '-v'),
    php: programs['php-fpm'] === undefined ? null : firstVersion(programs['php-fpm'], '-v'),
    redis: programs['redis-server'] === undefined ? null : firstVersion(programs['redis-server'], '--version'),
    wrk: firstVersion(programs.wrk, '--version'),
  };
}

/** Of the peers, as their lock has them. */
export function peerVersions(lockFile) {
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8'));
  const names = Object.keys(packages[''].dependencies);
  return Object.fromEntries(names.map((name) => [name, packages[`node_modules/${name}`].version]));
}

/** The commit that was measured; whether it was all of it. */
export function describeCommit(cwd) {
  try {
    const git = (...args) =>
      execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return { id: git('rev-parse', '--short', 'HEAD'), isChanged: git('status', '--porcelain', '--', 'src') !== '' };
  } catch {
    return undefined;
  }
}

function firstVersion(program, flag) {
  const { stdout, stderr } = spawnSync(program, [flag], { encoding: 'utf8' });
  return /\d+\.\d+(\.\d+)?/.exec(stdout + stderr)?.[0] ?? 'unknown';
}
