import { expect, it } from '@jest/globals';
import type { RouteTable, Stage } from '../routing/index.js';
import { LegacyWriters } from './legacy-writers.js';

function table(stages: Readonly<Record<string, Stage>>): RouteTable {
  const routes = Object.entries(stages).map(([name, stage]) => ({ name, stage }));
  return { upstreams: new Map(), routes } as unknown as RouteTable;
}

it('counts from when the last of the routes was replaced', () => {
  let now = 1000;
  const writers = new LegacyWriters(() => now);
  expect(writers.quietMs(['a', 'b'])).toBeUndefined();
  writers.see(table({ a: 'replaced', b: 'canary' }));
  expect(writers.quietMs(['a', 'b'])).toBeUndefined();
  now = 1500;
  expect(writers.quietMs(['a'])).toBe(500);
  writers.see(table({ a: 'replaced', b: 'replaced' }));
  now = 1700;
  expect([writers.quietMs(['a']), writers.quietMs(['b']), writers.quietMs(['a', 'b'])]).toEqual([700, 200, 200]);
});

it.each(['proxy', 'mirror', 'canary'] as const)('begins anew after a moment at %s', (stage) => {
  let now = 0;
  const writers = new LegacyWriters(() => now);
  writers.see(table({ a: 'replaced' }));
  now = 10_000;
  writers.see(table({ a: stage }));
  expect(writers.quietMs(['a'])).toBeUndefined();
  writers.see(table({ a: 'replaced' }));
  expect(writers.quietMs(['a'])).toBe(0);
});

it('takes a route that the table does not have for one that PHP may write through', () => {
  const writers = new LegacyWriters();
  writers.see(table({ a: 'replaced' }));
  expect(writers.quietMs(['a', 'gone'])).toBeUndefined();
});
