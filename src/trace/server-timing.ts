import type { Exchange } from './exchange.js';
import { type Entry, readEntries } from './timeline.js';
import { wordOfCode } from './timeline-words.js';

/** Calls of PHP that are told one by one. */
const MAX_CALLS = 4;
const ANSWERERS = new Set(['forward', 'native', 'cache']);

/**
 * Lets the answer say where the time went, up to its head (W3C Server Timing): `gateway`, `session`, `php` (to its first byte), `db`, `native`,
 * `cache`. For development alone: times tell strangers what is in a cache, and whom a check refuses late.
 */
export function announceTimings(exchange: Exchange): void {
  const { res } = exchange;
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => unknown;
  Object.assign(res, {
    writeHead: (...args: unknown[]) => {
      if (res.headersSent) return writeHead(...args);
      const value = serverTiming(exchange, performance.now());
      const last = args.at(-1);
      if (Array.isArray(last)) return writeHead(...args.slice(0, -1), [...(last as unknown[]), 'Server-Timing', value]);
      res.appendHeader('Server-Timing', value);
      return writeHead(...args);
    },
  });
}

/** The field's value, of what is known at `now` (milliseconds of `performance.now()`). */
export function serverTiming({ timeline, notes }: Exchange, now: number): string {
  const entries = timeline.sheet === undefined ? [] : readEntries(timeline.sheet);
  const begun = entries.find(({ depth, word }) => depth === 0 && ANSWERERS.has(wordOfCode(word)))?.from ?? now;
  const metrics = [metric('gateway', begun - timeline.startedAt)];
  const called = entries
    .filter(({ depth, word }) => depth === 1 && wordOfCode(word).startsWith('php'))
    .slice(0, MAX_CALLS);
  for (const call of called) {
    const name = wordOfCode(call.word) === 'php: session' ? 'session' : 'php';
    metrics.push(metric(name, (firstByteOf(call, entries) ?? call.to ?? now) - call.from));
  }
  const statements = entries.filter(({ word }) => wordOfCode(word).startsWith('database: '));
  if (statements.length > 0) {
    const ms = statements.reduce((sum, { from, to }) => sum + (to ?? now) - from, 0);
    metrics.push(`${metric('db', ms)};desc="${statements.length} statements"`);
  }
  const native = entries.find(({ depth, word }) => depth === 0 && wordOfCode(word) === 'native');
  if (native !== undefined) metrics.push(metric('native', now - native.from));
  if (notes.cache !== undefined) metrics.push(`cache;desc=${notes.cache}`);
  return metrics.join(', ');
}

function firstByteOf(call: Entry, entries: readonly Entry[]): number | undefined {
  const at = entries.indexOf(call);
  const next = entries.findIndex(({ depth }, i) => i > at && depth < 2);
  return entries.slice(at, next < 0 ? undefined : next).find(({ word }) => wordOfCode(word) === 'php: body')?.from;
}

function metric(name: string, ms: number): string {
  return `${name};dur=${Math.max(0, Math.round(ms * 10) / 10)}`;
}
