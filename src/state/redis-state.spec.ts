import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWith } from '../../test/setup/parts.js';
import { elapsedMs, NOT_WAITED_MS } from '../../test/support/elapsed.js';
import { eventually } from '../../test/support/eventually.js';
import { holdsOnce } from '../../test/support/holds-once.js';
import { type RedisServer, startRedisServer } from '../../test/support/redis-server.js';
import { pino } from 'pino';
import { RedisConnection } from './redis-connection.js';
import { RedisState } from './redis-state.js';
import { StateUnavailableError } from './shared-state.js';

interface Instance {
  readonly redis: RedisConnection;
  readonly state: RedisState;
  /** What it has told the log. */
  readonly told: string[];
}

describeWith('redis', 'the shared state in Redis', (program) => {
  let server: RedisServer;
  const instances: Instance[] = [];
  /** As the state module makes one: maps are known before it starts. */
  const start = async (url = server.url): Promise<Instance> => {
    const logger = pino({ level: 'silent' });
    const told: string[] = [];
    const note = (fields: unknown, text?: string): void => void told.push(`${JSON.stringify(fields)} ${text ?? ''}`);
    jest.spyOn(logger, 'error').mockImplementation(note);
    jest.spyOn(logger, 'info').mockImplementation(note);
    const redis = new RedisConnection(url, logger);
    const state = new RedisState(redis);
    state.replicatedMap('revoked');
    const instance = { redis, state, told };
    instances.push(instance);
    await Promise.all([redis.onModuleInit(), state.onModuleInit()]);
    return instance;
  };
  beforeEach(async () => {
    server = await startRedisServer(program);
  });
  afterEach(async () => {
    for (const { redis, state } of instances.splice(0)) {
      state.onApplicationShutdown();
      redis.onApplicationShutdown();
    }
    await server.stop();
  });

  it('sets, gets, forgets after a life, deletes; under a prefix', async () => {
    const [a, b] = [await start(), await start()];
    await a.state.set('room:k', 'v\0é', 60_000);
    expect(await b.state.get('room:k')).toBe('v\0é');
    await b.state.delete('room:k');
    expect(await a.state.get('room:k')).toBeUndefined();
    await a.state.set('room:short', 'v', 0.5);
    await eventually(async () => (await b.state.get('room:short')) === undefined);
    await a.state.set('room:k', 'v', 1000);
    expect(await server.ask('KEYS *')).toMatch(/donna:state:room:k/);
  });

  it('adds once and swaps once, however many ask at the same time', async () => {
    const [a, b] = [await start(), await start()];
    const both = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? a.state : b.state));
    const added = await Promise.all(both.map((state, i) => state.add('nonce', String(i), 60_000)));
    expect(added.filter(Boolean)).toHaveLength(1);
    const value = (await a.state.get('nonce')) ?? '';
    expect(value).toBe(String(added.indexOf(true)));
    const swapped = await Promise.all(both.map((state, i) => state.swap('nonce', value, `next-${i}`, 60_000)));
    expect(swapped.filter(Boolean)).toHaveLength(1);
    expect(await b.state.get('nonce')).toBe(`next-${swapped.indexOf(true)}`);
    expect(await a.state.swap('nobody', '', 'x', 1000)).toBe(false);
  });

  it('tells another instance within a second what was set in a replicated map', async () => {
    const [a, b] = [await start(), await start()];
    const knows = (one: Instance, value: string) => (): boolean =>
      one.state.replicatedMap('revoked').get('jti-1') === value;
    await holdsOnce(async (run) => {
      await a.state.replicatedMap('revoked').set('jti-1', `now ${run}`, 60_000);
      expect(knows(a, `now ${run}`)()).toBe(true);
      expect(await elapsedMs(() => eventually(knows(b, `now ${run}`)))).toBeLessThan(1000);
      await b.state.replicatedMap('revoked').set('jti-1', 'later', 60_000);
      expect(await elapsedMs(() => eventually(knows(a, 'later')))).toBeLessThan(1000);
    });
    // Who starts later knows it from its start.
    const c = await start();
    expect(c.state.replicatedMap('revoked').get('jti-1')).toBe('later');
    expect(c.state.replicatedMap('other').get('jti-1')).toBeUndefined();
  });

  it('forgets in each instance what has outlived its time, and in Redis too', async () => {
    const [a, b] = [await start(), await start()];
    await a.state.replicatedMap('revoked').set('short', 'x', 700);
    await eventually(() => b.state.replicatedMap('revoked').get('short') === 'x');
    await eventually(() => b.state.replicatedMap('revoked').get('short') === undefined);
    expect(a.state.replicatedMap('revoked').get('short')).toBeUndefined();
    await eventually(async () => !(await server.ask('KEYS *')).includes('donna:map'));
  });

  it('takes thousands of entries over', async () => {
    const [a, b] = [await start(), await start()];
    for (let from = 0; from < 3500; from += 100)
      await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          a.state.replicatedMap('revoked').set(`k${from + i}`, `v${from + i}`, 60_000),
        ),
      );
    const known = (map: { get(key: string): string | undefined }): number =>
      Array.from({ length: 3500 }, (_, i) => map.get(`k${i}`) === `v${i}`).filter(Boolean).length;
    await eventually(() => known(b.state.replicatedMap('revoked')) === 3500);
    const c = await start();
    expect(known(c.state.replicatedMap('revoked'))).toBe(3500);
  });

  it('says at once that Redis is gone, keeps what is known, and shares what was set meanwhile when it is back', async () => {
    const [a, b] = [await start(), await start()];
    await a.state.replicatedMap('revoked').set('before', '1', 60_000);
    await eventually(() => b.state.replicatedMap('revoked').get('before') === '1');
    await server.kill();
    await eventually(() => !a.redis.isUp && !b.redis.isUp);
    // Half a minute, if each waited for an answer.
    const refusedMs = await elapsedMs(async () => {
      for (let i = 0; i < 60; i++) await expect(a.state.get('x')).rejects.toBeInstanceOf(StateUnavailableError);
      await expect(a.state.add('x', '1', 1000)).rejects.toBeInstanceOf(StateUnavailableError);
      await expect(a.state.swap('x', '1', '2', 1000)).rejects.toBeInstanceOf(StateUnavailableError);
      await expect(a.state.replicatedMap('revoked').set('during', '2', 60_000)).rejects.toBeInstanceOf(
        StateUnavailableError,
      );
    });
    expect(refusedMs).toBeLessThan(NOT_WAITED_MS);
    expect(a.state.replicatedMap('revoked').get('during')).toBe('2');
    expect(b.state.replicatedMap('revoked').get('before')).toBe('1');
    // Empty: what Redis has lost, the instances give back to it.
    await server.start();
    await eventually(() => a.redis.isUp && b.redis.isUp);
    await eventually(() => b.state.replicatedMap('revoked').get('during') === '2');
    const c = await start();
    await eventually(() => c.state.replicatedMap('revoked').get('before') === '1');
    expect(c.state.replicatedMap('revoked').get('during')).toBe('2');
    expect(a.told.filter((line) => line.includes('cannot be reached'))).toHaveLength(1);
    expect(a.told.filter((line) => line.includes('redis is back'))).toHaveLength(1);
  });

  it('gives back to Redis what a FLUSHALL took, and lets the later of two values stand', async () => {
    const [a, b] = [await start(), await start()];
    const [ofA, ofB] = [a.state.replicatedMap('revoked'), b.state.replicatedMap('revoked')];
    await ofA.set('k', 'older', 60_000);
    await eventually(() => ofB.get('k') === 'older');
    await server.kill();
    await eventually(() => !a.redis.isUp && !b.redis.isUp);
    await expect(ofA.set('k', 'first', 60_000)).rejects.toBeInstanceOf(StateUnavailableError);
    await sleep(20);
    await expect(ofB.set('k', 'second', 60_000)).rejects.toBeInstanceOf(StateUnavailableError);
    await server.start();
    await eventually(() => ofA.get('k') === 'second');
    expect(ofB.get('k')).toBe('second');
    await server.ask('FLUSHALL');
    await eventually(async () => (await server.ask('HGET donna:map:{revoked} k')).includes('second'));
  });

  it('does not wait for a Redis that is frozen, and finds it again', async () => {
    const a = await start();
    server.freeze();
    const ask = (): Promise<void> => expect(a.state.get('x')).rejects.toBeInstanceOf(StateUnavailableError);
    expect(await elapsedMs(ask)).toBeLessThan(NOT_WAITED_MS);
    // Half a minute, if each waited for an answer.
    const nextMs = await elapsedMs(async () => {
      for (let i = 0; i < 60; i++) await ask();
    });
    expect(nextMs).toBeLessThan(NOT_WAITED_MS);
    server.thaw();
    await eventually(() => a.redis.isUp);
    expect(await a.state.get('x')).toBeUndefined();
  });

  it('leaves a connection that stays silent for another', async () => {
    const a = await start();
    server.freeze();
    await eventually(() => !a.redis.isUp);
    await server.kill();
    await server.start();
    await eventually(() => a.redis.isUp);
    expect(await a.state.add('x', '1', 1000)).toBe(true);
  });

  it('starts though Redis is down, and never tells a password', async () => {
    await server.kill();
    const a = await start(server.url.replace('://', '://user:hidden-password@'));
    expect(a.redis.isUp).toBe(false);
    expect(a.told.join('\n')).toContain('ECONNREFUSED');
    await server.start();
    await eventually(() => a.told.some((line) => line.includes('WRONGPASS')));
    expect(a.told.join('\n')).not.toContain('hidden-password');
    expect(a.redis.isUp).toBe(false);
  });

  it('takes a Redis that refuses writes for one that is gone', async () => {
    const a = await start();
    await server.ask('REPLICAOF 127.0.0.1 1');
    await eventually(() => !a.redis.isUp);
    expect(a.told.join('\n')).toContain('READONLY');
    await server.ask('REPLICAOF NO ONE');
    await eventually(() => a.redis.isUp);
  });
});
