// What was built, started as a user starts it, on free ports and with data of its own, and looked at from outside: the
// doctor, PHP's answers alone and through the gateway, and every smoke. Whatever happens, all is ended and removed again.
//   npm run smokes
// Exits 0 when all holds; 1 when something does not (the others still run), or was left behind; 130 when interrupted.
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeSite } from './smoke/site.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isCi = ['true', '1'].includes(process.env.CI ?? '');
/** A smoke that waits for limits takes a minute and a half. */
const STEP_WITHIN_MS = 240_000;
const EX_INTERRUPTED = 130;

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interrupted.abort());

const startedAt = performance.now();
const failed = [];
let passed = 0;

await onSite(async (site) => {
  await runStep(site, 'doctor', [`${site.folder}/dist/doctor.js`]);
  const [gateway, php] = await Promise.all([site.startGateway(), site.startPhp()]);
  if (php === undefined) {
    console.log(`${isCi ? 'FAILED' : 'not run'}  PHP alone: php is not installed (Debian: apt-get install php-cli)`);
    if (isCi) failed.push('PHP alone');
  }
  const direct = php === undefined ? [] : ['--direct', php];
  await runStep(site, 'check:php-schema', ['scripts/check-php-schema.mjs', ...direct, '--base', gateway]);
  for (const name of ['token', 'ws', 'fanout'])
    await runStep(site, `smoke:${name}`, [`scripts/smoke-${name}.mjs`, '--base', gateway]);
});
// Before a gateway that has met nobody: it uses this address's limits up, and would wait for those that others have used.
await onSite(async (site) => {
  await runStep(site, 'smoke:security', ['scripts/smoke-security.mjs', '--base', await site.startGateway()]);
});

const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
const names = failed.length > 0 ? ` (${failed.join(', ')})` : '';
console.log(`Smokes: ${passed} passed, ${failed.length} failed${names}, ${seconds} s`);
process.exitCode = interrupted.signal.aborted ? EX_INTERRUPTED : failed.length === 0 ? 0 : 1;

/** Does some work on a site of its own, which is gone afterwards, however it went. */
async function onSite(work) {
  if (interrupted.signal.aborted) return;
  const before = failed.length;
  const site = makeSite();
  try {
    await work(site);
  } catch (error) {
    if (!interrupted.signal.aborted) {
      failed.push('start');
      console.log(`FAILED  ${error.message}`);
    }
  } finally {
    if (failed.length > before)
      console.log(`The last that gateway and PHP said:\n${site.said().replace(/^/gm, '    ')}`);
    for (const { pid, command } of await site.remove()) {
      failed.push('teardown');
      console.log(`FAILED  process ${pid} was left behind: ${command}`);
    }
  }
}

/** Runs one script with what it says shown. @throws Error when this was interrupted */
async function runStep(site, name, args) {
  interrupted.signal.throwIfAborted();
  console.log(`\n== ${name}`);
  const signal = AbortSignal.any([interrupted.signal, AbortSignal.timeout(STEP_WITHIN_MS)]);
  const how = await new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: site.env,
      stdio: ['ignore', 'inherit', 'inherit'],
      signal,
    });
    child.once('error', (error) => resolve(error.name === 'AbortError' ? 'given up' : error.message));
    child.once('exit', (code, killedBy) => resolve(code === 0 ? 'ok' : `ended with ${killedBy ?? code}`));
  });
  interrupted.signal.throwIfAborted();
  if (how === 'ok') passed += 1;
  else {
    failed.push(name);
    console.log(`FAILED  ${name}: ${how}`);
  }
}
