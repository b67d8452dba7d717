import { type Check, type CheckResult, fault, type Findings } from './check.js';
import { describeError } from './describe-error.js';

/** A result and the milliseconds since its check began. */
export type TimedResult = CheckResult & { readonly ms: number };

/**
 * Runs all checks at the same time, each for `limitMs` at most, and gives their results in the checks' order. Never
 * rejects: a check that breaks or takes too long is a fault of its own, beside what it had found.
 */
export async function runChecks(checks: readonly Check[], limitMs: number): Promise<readonly TimedResult[]> {
  const results = await Promise.all(checks.map((check) => runOne(check, limitMs)));
  return results.flat();
}

async function runOne({ name, run }: Check, limitMs: number): Promise<readonly TimedResult[]> {
  const startedAt = performance.now();
  const results: TimedResult[] = [];
  const note = (result: CheckResult): void => {
    results.push({ ...result, ms: Math.round(performance.now() - startedAt) });
  };
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), limitMs);
  });
  try {
    const ended = await Promise.race([collect(run(stop.signal), stop.signal, note), late]);
    if (ended === 'late')
      note(fault(name, `no result within ${limitMs / 1000} s`, 'see what keeps it from answering, then ask again'));
  } catch (error) {
    note(fault(name, `could not be checked: ${describeError(error)}`, 'correct the setting that it is about'));
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
  return results;
}

async function collect(findings: Findings, signal: AbortSignal, note: (result: CheckResult) => void): Promise<void> {
  for await (const result of findings) {
    if (signal.aborted) return;
    note(result);
  }
}
