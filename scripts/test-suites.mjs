// Runs parts of the test suite (scripts/check/suites.mjs), with the second look at files that fail that `npm run check` takes.
//   npm run test:e2e [-- --within-s 180]
//   node scripts/test-suites.mjs unit e2e [--within-s N] [--coverage]
// --within-s N fails when it took longer: for a machine that does nothing else. --coverage measures src/ and fails below the
// floor. With CI=true a test that is left out has failed. The last line is `N passed, N failed`.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { COVERAGE_ARGS, readCoverage } from './check/coverage.mjs';
import { runTests } from './check/run-tests.mjs';
import { listSuites, SUITE_NAMES } from './check/suites.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isCi = ['true', '1'].includes(process.env.CI ?? '');
const EX_USAGE = 64;

const { names, withinS, isMeasured } = readOptions();
const suites = listSuites(root);
const files = names.flatMap((name) => suites.get(name));
console.log(`${names.join(', ')}: ${files.length} of ${[...suites.values()].flat().length} test files`);

const tests = await runTests(root, [...(isMeasured ? COVERAGE_ARGS : []), '--runTestsByPath', ...files]);
let failures = tests.failed + (isCi ? tests.leftOut.length : 0);
for (const what of tests.leftOut) console.log(`${isCi ? 'must not be left out in CI' : 'not run'}: ${what}`);
for (const { file } of tests.unsteady) console.log(`unsteady: ${file} failed among the others and passed alone`);
const took = `${names.join(', ')}: ${tests.firstSeconds.toFixed(0)} s`;
if (tests.firstSeconds > withinS) {
  failures += 1;
  console.log(`${took}: longer than ${withinS} s; move what is no request of a client to another suite`);
} else console.log(took);
for (const { isGood, text } of isMeasured ? readCoverage(root) : []) {
  if (!isGood) failures += 1;
  console.log(`${isGood ? 'ok    ' : 'FAILED'}  ${text}`);
}
console.log(`${tests.passed} passed, ${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { 'within-s': { type: 'string' }, coverage: { type: 'boolean', default: false } },
    });
    const within = values['within-s'] === undefined ? Number.POSITIVE_INFINITY : Number(values['within-s']);
    if (!(within > 0)) throw new Error('--within-s must be a number of seconds');
    const unknown = positionals.find((name) => !SUITE_NAMES.includes(name));
    if (positionals.length === 0 || unknown !== undefined) throw new Error(`which suite? ${SUITE_NAMES.join(', ')}`);
    return { names: positionals, withinS: within, isMeasured: values.coverage };
  } catch (error) {
    console.error(error.message);
    process.exit(EX_USAGE);
  }
}
