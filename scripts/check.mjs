// Everything that must hold before a change goes in; CI runs the same.
//   npm run check
// Each step is told with its time; after a failure the others still run. The last line is `N passed, N failed`: the
// steps and the tests, each counted once. A test that is left out (test/setup/parts.ts) counts as neither on a
// user's machine and is named; with CI=true it counts as failed. Test files that fail, up to three, are run once more,
// alone: one that passes then counts as passed and is named as unsteady.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNpm } from './check/run-npm.mjs';
import { runTests } from './check/run-tests.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isCi = ['true', '1'].includes(process.env.CI ?? '');

/** The longest first: two run side by side. */
const STEPS = [
  ['soak', 'check:soak'],
  ['smokes', 'smokes'],
  ['types', 'check:types'],
  ['format', 'check:format'],
  ['dependency rules', 'check:deps'],
  ['dead code', 'check:dead'],
  ['lint', 'check:lint'],
  ['OpenAPI', 'lint:openapi'],
  ['tracked data', 'check:data'],
  ['documents', 'check:docs'],
  ['licences', 'check:licences'],
  ['workflows', 'lint:workflows'],
  ['observability', 'check:observability'],
];

let passed = 0;
let failed = 0;

const waiting = [...STEPS];
await Promise.all([runSteps(), runSteps()]);

// What it measures is processor time: nothing runs beside it.
await runStep(['cost of a request', 'check:cost']);

const tests = await runTests(root);
const failures = tests.failed + (isCi ? tests.leftOut.length : 0);
passed += tests.passed;
failed += failures;
tell('tests', failures === 0, tests.seconds);
if (tests.brokenFiles > 0) console.log(`    ${tests.brokenFiles} test files did not run`);
for (const what of tests.leftOut) console.log(`    ${isCi ? 'must not be left out in CI' : 'not run'}: ${what}`);
for (const { file, failures: first } of tests.unsteady) {
  console.log(`unsteady: ${file} failed among the others and passed alone; first it said`);
  for (const failure of first) console.log(`    ${failure}`);
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function runSteps() {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) await runStep(step);
}

async function runStep([name, script]) {
  const { code, output, seconds } = await runNpm(['run', '--silent', script], { cwd: root, isShown: false });
  if (code === 0) passed += 1;
  else failed += 1;
  tell(name, code === 0, seconds);
  if (code !== 0) console.log(output.trimEnd().replace(/^/gm, '    '));
}

function tell(name, isGood, seconds) {
  console.log(`${isGood ? 'ok    ' : 'FAILED'}  ${name} (${seconds.toFixed(1)} s)`);
}
