// Everything that must hold before a change goes in; CI runs the same.
//   npm run check
// Each step is told with its time; after a failure the others still run. The last line is `N passed, N failed`: the
// static steps and the tests, each counted once. A test that is left out (test/setup/parts.ts) counts as neither on a
// user's machine and is named; with CI=true it counts as failed.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Jest has written its result by then and only waits for what a test left open. */
const EXIT_WITHIN_MS = 15_000;
const isCi = ['true', '1'].includes(process.env.CI ?? '');

const STATIC_STEPS = [
  ['format', 'check:format'],
  ['lint', 'check:lint'],
  ['types', 'check:types'],
  ['dependency rules', 'check:deps'],
  ['dead code', 'check:dead'],
];

let passed = 0;
let failed = 0;

for (const [name, script] of STATIC_STEPS) {
  const { code, output, seconds } = await runNpm(['run', '--silent', script], { isShown: false });
  if (code === 0) passed += 1;
  else failed += 1;
  tell(name, code === 0, seconds);
  if (code !== 0) console.log(output.trimEnd().replace(/^/gm, '    '));
}
await runTests();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'donna-check-'));
  const file = join(folder, 'jest.json');
  // The README's own command, so that what is checked is what people run.
  const { code, seconds } = await runNpm(['test', '--', '--json', `--outputFile=${file}`], {
    isShown: true,
    endsWith: file,
  });
  const result = readJson(file);
  rmSync(folder, { recursive: true, force: true });

  const broken = result?.numRuntimeErrorTestSuites ?? 0;
  const leftOut = listLeftOut(result);
  let failures = (result?.numFailedTests ?? 0) + broken + (isCi ? leftOut.length : 0);
  // Jest may fail beside its tests: no result at all, an open handle, a teardown.
  if (failures === 0 && code !== 0) failures = 1;
  passed += result?.numPassedTests ?? 0;
  failed += failures;
  tell('tests', failures === 0, seconds);
  if (broken > 0) console.log(`    ${broken} test files did not run`);
  for (const what of leftOut) console.log(`    ${isCi ? 'must not be left out in CI' : 'not run'}: ${what}`);
}

function listLeftOut(result) {
  return (result?.testResults ?? []).flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName }) => `${relative(root, name)}: ${fullName}`),
  );
}

function tell(name, isGood, seconds) {
  console.log(`${isGood ? 'ok    ' : 'FAILED'}  ${name} (${seconds.toFixed(1)} s)`);
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Once `file` is there, a process that does not end by itself is ended, with its group: something was left open, and
 * waiting for it would take for ever.
 */
function endAfter(file, child) {
  const watch = setInterval(() => {
    if (!existsSync(file)) return;
    clearInterval(watch);
    timer = setTimeout(() => {
      console.log(
        '    the tests are done but something they left open keeps Jest from ending (jest --detectOpenHandles)',
      );
      process.kill(-child.pid, 'SIGKILL');
    }, EXIT_WITHIN_MS);
  }, 500);
  let timer;
  child.once('exit', () => {
    clearInterval(watch);
    clearTimeout(timer);
  });
}

/** Runs npm with no stdin. Jest prints its report on stderr, and with --json the whole result on stdout: not shown. */
function runNpm(args, { isShown, endsWith }) {
  const started = performance.now();
  const npm = process.env.npm_execpath;
  const [command, ...rest] = npm?.endsWith('.js') ? [process.execPath, npm, ...args] : ['npm', ...args];
  return new Promise((resolve) => {
    const child = spawn(command, rest, {
      cwd: root,
      stdio: ['ignore', 'pipe', isShown ? 'inherit' : 'pipe'],
      detached: endsWith !== undefined,
    });
    if (endsWith !== undefined) {
      endAfter(endsWith, child);
      // A group of its own does not hear the terminal's Ctrl-C.
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
        process.once(signal, () => process.kill(-child.pid, signal));
    }
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    const done = (code) =>
      resolve({ code, output: Buffer.concat(chunks).toString(), seconds: (performance.now() - started) / 1000 });
    child.once('error', (error) => done(chunks.push(Buffer.from(String(error)))));
    child.once('close', (code) => done(code ?? 1));
  });
}
