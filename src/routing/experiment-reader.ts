import type { ReportFault } from './policy-reader.js';
import type { ExperimentSettings } from './route.js';
import type { RouteInput } from './route-table.input.js';

/** Weights by which the gateway promotes, where the route says nothing. */
const STEPS = [1, 10, 50];

/** A route's `experiment`, with its defaults. */
export function readExperiment(
  at: readonly string[],
  { experiment = {}, match: { action } }: RouteInput,
  fault: ReportFault,
): ExperimentSettings {
  const where = [...at, 'experiment'];
  const { sample = 1, timeoutMs = 5000, keyed = {}, promote = 'manual', rollBack = 'auto', steps = STEPS } = experiment;
  const { ignore: rules = [], expects = {}, ...rest } = experiment;
  const ignore = rules.map(({ pointer, reason, until }) => {
    const expiresAt = Date.parse(until);
    if (Number.isNaN(expiresAt)) fault([...where, 'ignore'], `"${until}" is no day: write it as 2027-01-31`);
    return { pointer, reason, expiresAt };
  });
  if (steps.some((step, i) => i > 0 && step <= (steps[i - 1] ?? 0)))
    fault([...where, 'steps'], 'must ascend: each weight above the one before, such as [1, 10, 50]');
  const known = action === undefined ? [] : typeof action === 'string' ? [action] : action;
  for (const name of expects.actions ?? [])
    if (!known.includes(name))
      fault([...where, 'expects', 'actions'], `"${name}" is no action that this route matches`);
  const { minSamples, minServed, maxMismatchRate, maxErrorIncrease, latency, confidence, alpha } = rest;
  return {
    sample,
    timeoutMs,
    ignore,
    keyed,
    promote,
    rollBack,
    steps,
    // An answer that says no is not what a route is for: it must have been seen at work.
    expects: { statuses: expects.statuses ?? ['2xx'], actions: expects.actions ?? known },
    decision: given({ minSamples, minServed, maxMismatchRate, maxErrorIncrease, latency, confidence, alpha }),
  };
}

type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Without what is not given. */
function given<T extends object>(settings: T): Given<T> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Given<T>;
}
