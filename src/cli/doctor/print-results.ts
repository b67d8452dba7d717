import { styleText } from 'node:util';
import type { CheckState } from './check.js';
import type { TimedResult } from './run-checks.js';

const COLOURS = { ok: 'green', warning: 'yellow', fault: 'red' } as const satisfies Record<CheckState, string>;
const WIDTH = 7;

/** One line a result, and one below for what to do. */
export function printResults(results: readonly TimedResult[], hasColours: boolean): string {
  const paint = (state: CheckState, text: string): string =>
    hasColours ? styleText(COLOURS[state], text, { validateStream: false }) : text;
  const lines = results.map(({ name, state, found, fix, ms }) => {
    const head = `${paint(state, state.padEnd(WIDTH))}  ${name}: ${found} (${ms} ms)`;
    return fix === undefined ? head : `${head}\n${' '.repeat(WIDTH + 2)}→ ${fix}`;
  });
  return [...lines, '', summary(results)].join('\n');
}

/** The same for machines: one JSON document. */
export function printJson(results: readonly TimedResult[]): string {
  return JSON.stringify({ healthy: !hasFault(results), results }, undefined, 2);
}

export function hasFault(results: readonly TimedResult[]): boolean {
  return results.some(({ state }) => state === 'fault');
}

function summary(results: readonly TimedResult[]): string {
  const count = (state: CheckState): number => results.filter((result) => result.state === state).length;
  const plural = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
  return `${count('ok')} ok, ${plural(count('warning'), 'warning')}, ${plural(count('fault'), 'fault')}`;
}
