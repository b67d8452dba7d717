import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { runNpm } from './run-npm.mjs';

/** As many failed files are looked at twice; more are no accident of a busy machine. */
const MOST_SECOND_LOOKS = 3;

/**
 * Runs all tests, or those that Jest's arguments choose, and the few files that fail once more, alone. A file that passes
 * then counts as passed and is named as unsteady, with what failed first; one that fails twice has failed.
 * @returns counts of tests: `passed`, `failed` (a file that did not run, and whatever else Jest failed by, is one each),
 *   `leftOut` by name, `unsteady` with `file` and `failures`, `brokenFiles`, `seconds`, and `firstSeconds` without the
 *   second look
 */
export async function runTests(cwd, args = []) {
  const first = await runJest(cwd, args);
  const files = listFailedFiles(first.result);
  if (first.isCut || files.length === 0 || files.length > MOST_SECOND_LOOKS) return summarize(cwd, first);

  const names = files.map(({ name }) => relative(cwd, name));
  console.log(`    a second look, alone, at ${names.join(', ')}`);
  const second = await runJest(cwd, ['--runInBand', '--runTestsByPath', ...names]);
  const looks = new Map((second.result?.testResults ?? []).map((file) => [file.name, file]));
  const unsteady = files.filter(({ name }) => hasPassed(looks.get(name)));
  const merged = first.result.testResults.map((file) => looks.get(file.name) ?? file);
  return {
    ...summarize(cwd, {
      result: { testResults: merged },
      // The first run failed by these files; whatever else the second failed by is told by it.
      code: second.code,
      isCut: second.isCut,
      seconds: first.seconds + second.seconds,
    }),
    unsteady: unsteady.map((file) => ({ file: relative(cwd, file.name), failures: listFailures(file) })),
    firstSeconds: first.seconds,
  };
}

async function runJest(cwd, args) {
  const folder = mkdtempSync(join(tmpdir(), 'donna-check-'));
  const file = join(folder, 'jest.json');
  // The README's own command, so that what is checked is what people run.
  const run = await runNpm(['test', '--', '--json', `--outputFile=${file}`, ...args], {
    cwd,
    isShown: true,
    endsWith: file,
  });
  const result = readJson(file);
  rmSync(folder, { recursive: true, force: true });
  return { ...run, result };
}

function summarize(cwd, { result, code, isCut, seconds }) {
  const files = result?.testResults ?? [];
  const tests = files.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ status, fullName }) => ({ status, fullName: `${relative(cwd, name)}: ${fullName}` })),
  );
  const brokenFiles = files.filter(isBroken).length;
  const failed = tests.filter(({ status }) => status === 'failed').length + brokenFiles;
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    // Jest may fail beside its tests: no result at all, an open handle, a teardown.
    failed: failed + (isCut || (failed === 0 && code !== 0) ? 1 : 0),
    brokenFiles,
    leftOut: tests.filter(({ status }) => !['passed', 'failed'].includes(status)).map(({ fullName }) => fullName),
    unsteady: [],
    seconds,
    firstSeconds: seconds,
  };
}

function listFailedFiles(result) {
  return (result?.testResults ?? []).filter(({ status }) => status === 'failed');
}

/** Failed without a failed test: it did not load, or what is around its tests failed. */
function isBroken({ status, assertionResults }) {
  return status === 'failed' && assertionResults.every((test) => test.status !== 'failed');
}

function hasPassed(file) {
  return file?.status === 'passed' && file.assertionResults.some(({ status }) => status === 'passed');
}

function listFailures(file) {
  const failed = file.assertionResults.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return [firstLines(file.message)];
  return failed.map(({ fullName, failureMessages }) => `${fullName}: ${firstLines(failureMessages.join('\n'))}`);
}

/** What was expected and what came, without colours and without the stack. */
function firstLines(message) {
  const lines = stripVTControlCharacters(message).split('\n');
  const stack = lines.findIndex((line) => /^\s+at /.test(line));
  return (stack === -1 ? lines : lines.slice(0, stack))
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(0, 6)
    .join(' | ');
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
