import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { UpstreamSettings } from '../../routing/index.js';
import { Upstreams } from './upstreams.js';

const settings = (port: number): UpstreamSettings => ({
  name: 'php',
  targets: [`http://127.0.0.1:${port}`],
  health: { path: undefined, intervalMs: 60_000 },
  connectTimeoutMs: 100,
  host: 'auto',
  identity: false,
  session: undefined,
  documents: undefined,
  breaker: { threshold: 0.5, windowMs: 10_000, openMs: 1000 },
  connections: 1,
});

describe('Upstreams', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('closes a retired upstream once: stopped within a minute of a reload, nothing is left that could throw', async () => {
    const upstreams = new Upstreams();
    upstreams.use(new Map([['php', settings(9)]]));
    const [first] = upstreams.all();
    if (first === undefined) throw new Error('no upstream');
    const retire = jest.spyOn(first, 'retire');
    upstreams.use(new Map([['php', settings(10)]]));
    await upstreams.close();
    await jest.advanceTimersByTimeAsync(120_000);
    expect(retire).not.toHaveBeenCalled();
  });

  it('retires an upstream a minute after a reload, and survives that it is cut meanwhile', async () => {
    const upstreams = new Upstreams();
    upstreams.use(new Map([['php', settings(9)]]));
    const [first] = upstreams.all();
    if (first === undefined) throw new Error('no upstream');
    const retire = jest.spyOn(first, 'retire');
    upstreams.use(new Map([['php', settings(10)]]));
    await jest.advanceTimersByTimeAsync(61_000);
    expect(retire).toHaveBeenCalledTimes(1);
    await first.close();
    await expect(first.retire()).resolves.toBeUndefined();
    await upstreams.close();
  });
});
