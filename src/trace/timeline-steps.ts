import { type Entry, readEntries, type Sheet } from './timeline.js';
import { wordOfCode } from './timeline-words.js';

/** One step on a request's way, in milliseconds from its begin. Steps follow one another; one within another has its `depth`. */
export interface TimedStep {
  readonly name: string;
  readonly startMs: number;
  readonly ms: number;
  readonly depth: number;
  readonly note?: string;
}

/** Milliseconds from which on it is said that the time of steps is no more than their share of it. */
const WORTH_SAYING_MS = 1;

/**
 * A sheet as steps in the order of their begin. A step ends where the next one begins; those between two readings of the clock share the
 * time between them evenly, and say so where it is a millisecond or more. What has no end went on until the request's own.
 */
export function stepsOf(sheet: Sheet | undefined, startedAt: number, endedAt: number): TimedStep[] {
  if (sheet === undefined) return [];
  const entries = readEntries(sheet);
  const outer = settleSteps(
    entries.filter(({ depth }) => depth === 0),
    endedAt,
  );
  const inner = entries
    .filter(({ depth }) => depth > 0)
    .map((entry): Settled =>
      entry.to === undefined ? { ...entry, to: endedAt, said: 'unfinished' } : { ...entry, to: entry.to },
    );
  const steps = [...outer, ...inner]
    .toSorted((a, b) => a.from - b.from || a.depth - b.depth)
    .map(({ word, note, said: more, depth, from, to }): TimedStep => {
      const said = [wordOfCode(note), more ?? ''].filter((text) => text !== '').join(', ');
      return {
        name: wordOfCode(word),
        startMs: rounded(from - startedAt),
        ms: rounded(Math.max(0, Math.min(to, endedAt) - from)),
        depth,
        ...(said === '' ? {} : { note: said }),
      };
    });
  if (sheet.left === 0) return steps;
  return [
    ...steps,
    { name: 'more', startMs: rounded(endedAt - startedAt), ms: 0, depth: 0, note: `${sheet.left} not kept` },
  ];
}

type Settled = Entry & { readonly to: number; readonly said?: string };

function settleSteps(steps: readonly Entry[], endedAt: number): Settled[] {
  const settled: Settled[] = [];
  for (let i = 0; i < steps.length;) {
    const from = steps[i]?.from ?? 0;
    const together = steps.slice(i).findIndex((step) => step.from !== from);
    const group = steps.slice(i, together < 0 ? undefined : i + together);
    i += group.length;
    const whole = Math.max(0, (steps[i]?.from ?? endedAt) - from);
    const share = whole / group.length;
    const said =
      group.length > 1 && whole >= WORTH_SAYING_MS ? { said: `${rounded(whole)} ms of ${group.length} steps` } : {};
    group.forEach((step, at) =>
      settled.push({ ...step, from: from + at * share, to: from + (at + 1) * share, ...said }),
    );
  }
  return settled;
}

/** Microseconds are the least that the clock tells. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
