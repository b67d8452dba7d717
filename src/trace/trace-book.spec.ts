import { describe, expect, it } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Exchange } from './exchange.js';
import { endBranch } from './timeline.js';
import { codeOfWord, wordOfCode } from './timeline-words.js';
import { TraceBook } from './trace-book.js';
import { traceFrom } from './trace-context.js';

const STEP = codeOfWord('identity');
const CALL = codeOfWord('php');

function makeExchange(traceId: string): Exchange {
  const req = new IncomingMessage(new Socket());
  return new Exchange(req, new ServerResponse(req), traceFrom(undefined, traceId));
}

function end(book: TraceBook, traceId: string, status = 200, ms = 1): Exchange {
  const exchange = makeExchange(traceId);
  exchange.timeline.step(STEP);
  book.observe({ exchange, status, ms });
  return exchange;
}

describe('TraceBook', () => {
  it('remembers the last 2000, and of those before them the failed and the slow', () => {
    const book = new TraceBook();
    end(book, 'failed-once', 502);
    end(book, 'slow-once', 200, 9000);
    for (let i = 0; i < 300; i++) end(book, `slow-${i}-ish`, 200, 100 + i);
    for (let i = 0; i < 5000; i++) end(book, `plain-${i}`);
    expect(book.find('plain-4999')).toHaveLength(1);
    expect(book.find('plain-3000')).toHaveLength(1);
    expect(book.find('plain-2999')).toHaveLength(0);
    expect(book.find('failed-once')).toMatchObject([{ status: 502, steps: [{ name: 'identity' }] }]);
    expect(book.find('slow-once')).toMatchObject([{ ms: 9000 }]);
    // The 200 slowest of 301: those from 101 on.
    expect(book.find('slow-101-ish')).toHaveLength(1);
    expect(book.find('slow-100-ish')).toHaveLength(0);
    const listed = book.recent().map(({ traceId }) => traceId);
    expect(listed.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, i) => `plain-${4999 - i}`));
    expect(listed).toEqual(expect.arrayContaining(['failed-once', 'slow-once']));
    expect(listed.length).toBeLessThanOrEqual(150);
  });

  it('gives no request the steps of another, though their sheets are used again', () => {
    const book = new TraceBook();
    const words = Array.from({ length: 40 }, (_, i) => codeOfWord(`step ${i}`));
    for (let i = 0; i < 6000; i++) {
      const exchange = makeExchange(`trace-of-${i}`);
      for (const word of words.slice(0, i % 40)) exchange.timeline.step(word);
      book.observe({ exchange, status: 200, ms: 1 });
      // Late news of a request that is over reach nobody else's sheet.
      exchange.timeline.step(STEP);
      exchange.timeline.end(0);
      exchange.timeline.say(0, STEP);
    }
    for (const i of [4100, 5039, 5999]) {
      const [found] = book.find(`trace-of-${i}`);
      expect(found?.steps.map(({ name }) => name)).toEqual(words.slice(0, i % 40).map((word) => wordOfCode(word)));
    }
  });

  it('keeps nothing of a request alive but names and numbers', async () => {
    const book = new TraceBook();
    const gone = new WeakRef(end(book, 'to-be-forgotten'));
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    for (let i = 0; i < 20 && gone.deref() !== undefined; i++) {
      await new Promise((next) => setImmediate(next));
      collect();
    }
    expect(gone.deref()).toBeUndefined();
    expect(book.find('to-be-forgotten')).toHaveLength(1);
  });

  it('keeps of a traceparent that is kilobytes long, as later versions may be, no more than its ids', () => {
    const book = new TraceBook();
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 2000; i++) {
      const id = i.toString(16).padStart(32, 'a');
      const sent = Buffer.alloc(30_000, 'x').toString('latin1');
      const req = new IncomingMessage(new Socket());
      const trace = traceFrom(`01-${id}-${'b'.repeat(16)}-01-${sent}`, undefined);
      book.observe({ exchange: new Exchange(req, new ServerResponse(req), trace), status: 200, ms: 1 });
    }
    collect();
    expect(book.find('7cf'.padStart(32, 'a'))).toHaveLength(1);
    // All of it would be 60 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(30_000_000);
  });

  it('bounds what one request notes, and says how much was left out', () => {
    const book = new TraceBook();
    const exchange = makeExchange('a-very-busy-one');
    exchange.timeline.step(STEP);
    for (let i = 0; i < 500; i++) exchange.timeline.end(exchange.timeline.begin(CALL, 1));
    // The way of the request itself is told to its end.
    exchange.timeline.step(codeOfWord('answer'));
    book.observe({ exchange, status: 200, ms: 50 });
    const [found] = book.find('a-very-busy-one');
    expect(found?.steps).toHaveLength(52);
    expect(found?.steps.slice(-2)).toMatchObject([{ name: 'answer' }, { name: 'more', note: '451 not kept' }]);
  });

  it('shows a branch that began and ended after its request, and not before it has', () => {
    const book = new TraceBook();
    const exchange = makeExchange('mirrored-later');
    expect(exchange.timeline.branch('candidate')).toBeUndefined();
    exchange.timeline.expectBranches();
    book.observe({ exchange, status: 200, ms: 1 });
    const branch = exchange.timeline.branch('candidate');
    branch?.timeline.step(STEP);
    expect(book.find('mirrored-later')).toHaveLength(1);
    if (branch !== undefined) endBranch(branch, 503);
    expect(book.find('mirrored-later')[1]).toMatchObject({
      arm: 'candidate',
      status: 503,
      steps: [{ name: 'identity' }],
    });
    // No more than a mirror makes.
    for (let i = 0; i < 10; i++) exchange.timeline.branch('control again');
    expect(exchange.timeline.branches).toHaveLength(4);
  });

  it('divides the time between two readings of the clock evenly, and says so where it matters', () => {
    const book = new TraceBook();
    const exchange = makeExchange('shared-reading');
    const { timeline } = exchange;
    for (const word of ['head', 'match', 'csrf']) timeline.step(codeOfWord(word));
    const until = performance.now() + 6;
    while (performance.now() < until);
    timeline.step(-STEP);
    book.observe({ exchange, status: 200, ms: performance.now() - exchange.startedAt });
    const steps = book.find('shared-reading')[0]?.steps ?? [];
    expect(steps.map(({ name }) => name)).toEqual(['head', 'match', 'csrf', 'identity']);
    expect(steps[0]?.ms).toBeGreaterThanOrEqual(2);
    expect(steps[0]?.ms).toBeCloseTo(steps[2]?.ms ?? 0, 2);
    expect(steps[1]?.note).toMatch(/^\d+(\.\d+)? ms of 3 steps$/);
    expect(steps[3]?.note).toBeUndefined();
  });
});
