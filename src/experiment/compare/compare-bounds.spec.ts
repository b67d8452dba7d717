import { describe, expect, it } from '@jest/globals';
import { cpuMs } from '../../../test/support/cpu-time.js';
import { compareInSlices } from './compare-answers.js';
import { type Answer, compareAnswers, type CompareSettings, compileRules, type Observation } from '../index.js';

const NOW = Date.UTC(2026, 10, 23);

function answer(body: string | Buffer, change: Partial<Answer> = {}): Answer {
  return { status: 200, headers: [], body: Buffer.from(body), contentType: 'application/json', ms: 5, ...change };
}

function compare(a: string | Answer, b: string | Answer, settings: CompareSettings = {}): Observation {
  const toAnswer = (side: string | Answer): Answer => (typeof side === 'string' ? answer(side) : side);
  return compareAnswers(toAnswer(a), toAnswer(b), compileRules(settings), NOW);
}

describe('the bounds of a comparison', () => {
  it('keep a few differences of each field and fifty in all, and count on', () => {
    const items = (value: number): string =>
      `[${Array.from({ length: 1000 }, () => `{"a":${value},"b":${value}}`).join(',')}]`;
    const observation = compare(items(1), items(2));
    expect(observation.counts.value).toBe(2000);
    expect(observation.differences).toHaveLength(6);
    const object = (value: number): string =>
      `{${Array.from({ length: 300 }, (_, at) => `"k${at}":${value}`).join(',')}}`;
    expect(compare(object(1), object(2)).differences).toHaveLength(50);
    expect(compare(object(1), object(2)).counts.value).toBe(300);
  });

  it('let no flood of ignored differences push out a real one', () => {
    const object = (value: number, last: number): string =>
      `{"i":{${Array.from({ length: 300 }, (_, at) => `"k${at}":${value}`).join(',')}},"z":${last}}`;
    const ignore = [{ pointer: '/i', reason: 'known', expiresAt: NOW + 1 }];
    const observation = compare(object(1, 1), object(2, 2), { ignore });
    expect(observation.differences).toHaveLength(50);
    expect(observation.differences[0]).toMatchObject({ field: '/z', ignored: undefined });
  });

  it('hold for a document as deep as it may be, whose keys are long', () => {
    const deep = (leaf: number): string => `{"${'k'.repeat(60)}":`.repeat(512) + leaf + '}'.repeat(512);
    const observation = compare(deep(1), deep(2), { bounds: { maxDepth: 100_000 } });
    expect(observation.counts.value).toBe(1);
    expect(JSON.stringify(observation).length).toBeLessThan(60_000);
  });

  it.each<[string, (size: number) => string]>([
    ['an object of many keys', (size) => `{${Array.from({ length: size }, (_, at) => `"key${at}x":${at}`).join(',')}}`],
    [
      'an array of objects',
      (size) => `[${Array.from({ length: size / 4 }, (_, at) => `{"a":${at},"b":[1,"x"]}`).join(',')}]`,
    ],
    ['a number of many digits', (size) => `[1${'0'.repeat(size * 10)}1]`],
    ['a string of escapes', (size) => `["${'\\u0041'.repeat(size * 2)}"]`],
    [
      'nested arrays',
      (size) => `[${Array.from({ length: size / 100 }, () => '['.repeat(100) + ']'.repeat(100)).join(',')}]`,
    ],
  ])('take time linear in %s', (_name, make) => {
    const rules = compileRules({ keyed: { '': 'a' } });
    const time = (size: number): number => {
      const body = make(size);
      const [a, b] = [answer(body), answer(body.replace(/[1A](?=[\]}"]*$)/, '2'))];
      return Math.min(...[1, 2, 3].map(() => cpuMs(() => compareAnswers(a, b, rules, NOW))));
    };
    time(5000);
    const [small, large] = [time(5000), time(50_000)];
    expect(large).toBeLessThan(Math.max(small, 2) * 40);
  });
});

describe('a comparison in slices', () => {
  it('finds what one at once finds, and lets others have their turn', async () => {
    const body = (value: number): string =>
      `{"a":[${Array.from({ length: 20_000 }, (_, at) => `[${at % 7 === 0 ? value : at}]`).join(',')}],"b":{"c":${value}}}`;
    const [control, candidate, rules] = [answer(body(1)), answer(body(2)), compileRules()];
    let turns = 0;
    let isOver = false;
    const tick = (): void => {
      turns += 1;
      if (!isOver) setImmediate(tick);
    };
    setImmediate(tick);
    const observation = await compareInSlices(control, candidate, rules, NOW);
    isOver = true;
    expect(observation).toEqual(compareAnswers(control, candidate, rules, NOW));
    expect(turns).toBeGreaterThan(2);
  });
});
