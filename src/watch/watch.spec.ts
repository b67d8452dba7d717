import { describe, expect, it, jest } from '@jest/globals';
import type { EndedRequest } from '../metrics/index.js';
import { LatencyHistogram } from './latency-histogram.js';
import type { SecurityKind } from './security-kind.js';
import { SecurityWatch } from './security-watch.js';
import { TrafficWatch } from './traffic-watch.js';

interface Told {
  readonly route?: string;
  readonly status?: number;
  readonly ms?: number;
  readonly errorCode?: string;
  readonly servedBy?: string;
  readonly cache?: string;
  readonly traceId?: string;
  readonly isStream?: boolean;
  readonly hasSecretStopped?: boolean;
  readonly policies?: object;
}

function ended(told: Told): EndedRequest {
  const { route = 'list', status = 200, ms = 10, traceId = 't', isStream = false, hasSecretStopped = false } = told;
  const { policies, servedBy, cache, errorCode } = told;
  const exchange = {
    route: { name: route, handler: undefined, policies: { rateLimit: [], signature: undefined, ...policies } },
    notes: { servedBy, cache, errorCode },
    traceId,
    isStream,
    hasSecretStopped,
    client: { address: '192.0.2.7', protocol: 'https' },
  };
  return { exchange, status, ms } as unknown as EndedRequest;
}

describe('LatencyHistogram', () => {
  it.each([0.05, 0.3, 1, 7.7, 42, 250, 1999, 60_000])('gives back %d ms within 5 %%', (ms) => {
    const histogram = new LatencyHistogram();
    for (let i = 0; i < 3; i++) histogram.add(LatencyHistogram.bucketOf(ms));
    expect(Math.abs((histogram.quantile(0.5) ?? 0) / ms - 1)).toBeLessThan(0.055);
  });

  it('orders what it holds, takes the absurd, and is empty again', () => {
    const histogram = new LatencyHistogram();
    for (let i = 1; i <= 1000; i++) histogram.add(LatencyHistogram.bucketOf(i));
    for (const [q, ms] of [
      [0.5, 500],
      [0.95, 950],
      [0.99, 990],
    ] as const)
      expect(Math.abs((histogram.quantile(q) ?? 0) / ms - 1)).toBeLessThan(0.06);
    for (const ms of [0, -1, Infinity, 1e12]) histogram.add(LatencyHistogram.bucketOf(ms));
    expect(histogram.quantile(1)).toBeGreaterThan(600_000);
    histogram.clear();
    expect([histogram.size, histogram.quantile(0.5)]).toEqual([0, undefined]);
  });
});

describe('TrafficWatch', () => {
  it('closes a step with what happened in it, and begins the next with nothing', () => {
    const watch = new TrafficWatch();
    for (const told of [
      { servedBy: 'upstream', ms: 100 },
      { servedBy: 'upstream', cache: 'miss', ms: 100 },
      { servedBy: 'cache', cache: 'hit', ms: 1 },
      { servedBy: 'native', status: 500 },
      { servedBy: 'gateway', status: 404 },
      { servedBy: 'upstream', status: 499, ms: 90_000 },
      // As long as their clients want to listen: no requests of which a time could be told.
      { status: 101, ms: 900_000 },
      { isStream: true, ms: 900_000 },
    ])
      watch.observe(ended(told));
    const { p99 = 0, ...point } = watch.close(1_700_000_005_000);
    expect(point).toEqual({
      at: 1_700_000_005,
      requests: 6,
      errors: 1,
      refused: 1,
      left: 1,
      by: { php: 3, native: 1, cache: 1, gateway: 1 },
      cache: { hits: 1, misses: 1 },
      p50: expect.any(Number),
      p95: expect.any(Number),
    });
    expect(p99).toBeLessThan(110);
    expect(watch.close(1_700_000_010_000)).toEqual({
      at: 1_700_000_010,
      requests: 0,
      errors: 0,
      refused: 0,
      left: 0,
      by: { php: 0, native: 0, cache: 0, gateway: 0 },
      cache: { hits: 0, misses: 0 },
    });
    expect(watch.totals()).toMatchObject({ requests: 6, errors: 1 });
  });

  it('keeps an hour, and of a route five minutes', () => {
    const watch = new TrafficWatch();
    watch.observe(ended({ route: 'old', status: 502 }));
    expect(watch.recentOf('old')).toMatchObject({ errorShare: 1, p95: expect.any(Number) });
    for (let step = 1; step <= 800; step++) {
      // The last step of the five minutes in which it was asked.
      if (step === 59) expect(watch.recentOf('old').rate).toBeGreaterThan(0);
      watch.close(step * 5000);
    }
    expect(watch.recentOf('old')).toEqual({ rate: 0, errorShare: 0 });
    expect(watch.points()).toHaveLength(720);
    expect([watch.points()[0]?.at, watch.points().at(-1)?.at]).toEqual([81 * 5, 800 * 5]);
  });

  it('tells a rate over the time that it has looked, whole parts and the one under way', () => {
    let nowMs = 50_000;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    try {
      const watch = new TrafficWatch();
      // Ten requests a second for ten minutes, looked at when a part has just begun.
      for (let step = 1; step <= 120; step++) {
        for (let i = 0; i < 50; i++) watch.observe(ended({}));
        nowMs += 5000;
        watch.close(step * 5000);
      }
      expect(watch.recentOf('list').rate).toBe(10);
      nowMs += 5000;
      for (let i = 0; i < 50; i++) watch.observe(ended({}));
      expect(watch.recentOf('list').rate).toBe(10);
    } finally {
      clock.mockRestore();
    }
  });

  it('goes on in one direction when the clock is set back', () => {
    const watch = new TrafficWatch();
    for (const at of [100, 105, 110, 103, 108]) watch.close(at * 1000);
    expect(watch.points().map(({ at }) => at)).toEqual([100, 103, 108]);
  });

  it('does not grow with the names of routes', () => {
    const watch = new TrafficWatch();
    for (let i = 0; i < 5000; i++) watch.observe(ended({ route: `made-up-${i}` }));
    expect(watch.recentOf('made-up-1').rate).toBeGreaterThan(0);
    expect(watch.recentOf('made-up-4999').rate).toBe(0);
    expect(watch.close(5000).requests).toBe(5000);
  });
});

describe('SecurityWatch', () => {
  it.each<[SecurityKind | undefined, Told]>([
    ['rate-limited', { status: 429, errorCode: 'RATE_LIMITED' }],
    ['rate-limited', { status: 429 }],
    ['origin-denied', { status: 403, errorCode: 'ORIGIN_DENIED' }],
    ['csrf-failed', { status: 403, errorCode: 'CSRF_FAILED' }],
    ['forbidden', { status: 403 }],
    ['unauthenticated', { status: 401, errorCode: 'UNAUTHENTICATED' }],
    ['bad-request', { status: 413, errorCode: 'PAYLOAD_TOO_LARGE' }],
    ['login-failed', { status: 401, policies: { rateLimit: [{ per: 'ip' }, { per: 'field' }] } }],
    ['signature-failed', { status: 401, errorCode: 'UNAUTHENTICATED', policies: { signature: { name: 'telnyx' } } }],
    ['secret-stopped', { status: 200, errorCode: 'UPSTREAM_BAD_ANSWER', hasSecretStopped: true }],
    ['secret-stopped', { status: 502, errorCode: 'UPSTREAM_BAD_ANSWER', hasSecretStopped: true }],
    [undefined, { status: 422, errorCode: 'VALIDATION_FAILED' }],
    [undefined, { status: 404, errorCode: 'NOT_FOUND' }],
    [undefined, { status: 502, errorCode: 'UPSTREAM_BAD_ANSWER' }],
    [undefined, { status: 499 }],
    [undefined, { status: 200 }],
  ])('counts as %s what ended with %j', (kind, told) => {
    const watch = new SecurityWatch();
    watch.observe(ended(told));
    const counted = Object.entries(watch.counts()).filter(([, count]) => count > 0);
    expect(counted).toEqual(kind === undefined ? [] : [[kind, 1]]);
  });

  it('tells each minute once, in order and none to come, when the clock is set back', () => {
    const watch = new SecurityWatch();
    const clock = jest.spyOn(Date, 'now');
    try {
      for (const minute of [10, 11, 12, 11, 11]) {
        clock.mockReturnValue(minute * 60_000);
        watch.observe(ended({ status: 429 }));
      }
      expect(watch.points().map(({ at, counts }) => [at / 60, counts['rate-limited']])).toEqual([
        [10, 1],
        [11, 3],
      ]);
      clock.mockReturnValue(10 * 60_000);
      expect(watch.points()).toHaveLength(1);
      expect(watch.counts()['rate-limited']).toBe(5);
    } finally {
      clock.mockRestore();
    }
  });

  it('keeps what a flood of another kind would hide, and no more than it keeps of few', () => {
    const watch = new SecurityWatch();
    for (let i = 0; i < 30; i++)
      watch.observe(ended({ status: 403, errorCode: 'ORIGIN_DENIED', traceId: `rare-${i}` }));
    for (let i = 0; i < 100_000; i++) watch.observe(ended({ status: 429, errorCode: 'RATE_LIMITED', traceId: `${i}` }));
    for (let i = 0; i < 100; i++) watch.observe(ended({ status: 400, errorCode: 'BAD_REQUEST' }));
    const recent = watch.recent();
    expect(recent).toHaveLength(200);
    expect(recent.filter(({ kind }) => kind === 'origin-denied').map(({ traceId }) => traceId)).toEqual(
      Array.from({ length: 25 }, (_, i) => `rare-${29 - i}`),
    );
    expect(recent.filter(({ kind }) => kind === 'rate-limited').at(0)?.traceId).toBe('99999');
    expect(recent.filter(({ kind }) => kind === 'bad-request')).toEqual([]);
    expect(watch.counts()).toMatchObject({ 'rate-limited': 100_000, 'origin-denied': 30, 'bad-request': 100 });
    const told = watch.points().reduce((sum, { counts }) => sum + (counts['rate-limited'] ?? 0), 0);
    expect(told).toBe(100_000);
  });
});
