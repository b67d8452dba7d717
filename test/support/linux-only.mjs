import { spawnSync } from 'node:child_process';

/**
 * Ends this process with a word where `/proc` or one of these programs is missing: left out on a user's machine, failed in CI.
 * `programs`: name and Debian's package.
 */
export function leaveOutUnlessLinux(what, programs = {}) {
  const missing = Object.entries(programs).filter(([name]) => spawnSync(name, ['--version']).error !== undefined);
  if (process.platform === 'linux' && missing.length === 0) return;
  const wanted = ['Linux (/proc)', ...missing.map(([name, debian]) => `${name} (${debian})`)];
  console.log(`not run: ${what} needs ${wanted.join(', ')}`);
  process.exit(['true', '1'].includes(process.env.CI ?? '') ? 1 : 0);
}
