import { EX_USAGE, UsageError } from './options.mjs';

/** What was expected of an answer and what came, with what to do where that is known; ends the smoke. */
export class Failure extends Error {
  constructor(expected, came, hint) {
    super(`expected ${expected}\n        came     ${came}${hint === undefined ? '' : `\n        → ${hint}`}`);
  }
}

/**
 * Runs checks in order and prints one line for each; the first that fails ends the run.
 * Resolves with the exit code: 0, or 1 after a failure.
 */
export async function runChecks(checks, print = console.log) {
  let passed = 0;
  for await (const { name, run } of checks) {
    try {
      const note = await run();
      passed += 1;
      print(`ok      ${name}${note === undefined ? '' : ` (${note})`}`);
    } catch (error) {
      print(`FAILED  ${name}\n        ${describe(error)}`);
      print(`${passed} passed, then one failed; what comes after it was not checked`);
      return 1;
    }
  }
  print(`${passed} passed`);
  return 0;
}

/** Runs a smoke's `main` and turns its result, or its error, into an exit code. */
export async function runMain(main, help) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${help}`);
    process.exitCode = EX_USAGE;
  }
}

function describe(error) {
  if (error instanceof Failure) return error.message;
  const code = error.code === undefined ? '' : ` (${error.code})`;
  return `expected an answer\n        came     none: ${error.message === '' ? error.name : error.message}${code}`;
}
