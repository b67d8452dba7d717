import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { describeWith } from '../../test/setup/parts.js';
import { eventually } from '../../test/support/eventually.js';
import { type RedisServer, startRedisServer } from '../../test/support/redis-server.js';
import { connectRedis, type RedisConnection } from '../state/index.js';
import type { CountingStorage } from './counting-storage.js';
import { MemoryThrottlerStorage } from './memory-throttler-storage.js';
import { RedisThrottlerStorage } from './redis-throttler-storage.js';

const hit = (key: string, blockMs = 0) => ({ name: 'policy', key, windowMs: 60_000, limit: 2, blockMs });

/** What `@nestjs/throttler` and the route table ask of a storage, wherever it counts. */
function keepsTheContract(storage: () => CountingStorage): void {
  it('counts up to the limit and past it', async () => {
    const records = [];
    for (let i = 0; i < 3; i++) records.push(await storage().increment('k', 60_000, 2, 0, 'policy'));
    expect(records.map(({ totalHits, isBlocked }) => [totalHits, isBlocked])).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ]);
    expect(records[0]).toMatchObject({ timeToExpire: 60, timeToBlockExpire: 0 });
    expect(records[2]?.timeToBlockExpire).toBeGreaterThanOrEqual(45);
  });

  it('blocks for longer than the window from the first hit past the limit on', async () => {
    for (let i = 0; i < 2; i++) expect((await storage().hit(hit('b', 300_000))).resetMs).toBeLessThan(100_000);
    const over = await storage().hit(hit('b', 300_000));
    expect(over).toMatchObject({ hits: 3, isOver: true });
    expect(over.resetMs).toBeGreaterThan(200_000);
    // The hits that follow do not begin it anew.
    await eventually(async () => {
      const later = await storage().hit(hit('b', 300_000));
      expect(later.isOver).toBe(true);
      return later.resetMs < over.resetMs - 20;
    });
  });

  it('tells names and keys apart', async () => {
    for (let i = 0; i < 2; i++) await storage().hit(hit('a'));
    expect(await storage().hit(hit('other'))).toMatchObject({ hits: 1, isOver: false });
    expect(await storage().hit({ ...hit('a'), name: 'another' })).toMatchObject({ hits: 1, isOver: false });
    expect(await storage().hit(hit('a'))).toMatchObject({ hits: 3, isOver: true });
  });

  it('takes less than a second for a second, never for ever', async () => {
    await storage().hit({ ...hit('short'), windowMs: 200, limit: 1 });
    await eventually(async () => {
      await sleep(100);
      return !(await storage().hit({ ...hit('short'), windowMs: 200, limit: 1 })).isOver;
    });
  });
}

describe('limits counted in memory', () => {
  let storage: MemoryThrottlerStorage;
  beforeEach(() => {
    storage = new MemoryThrottlerStorage();
  });
  keepsTheContract(() => storage);

  it('are counted at once', () => {
    expect(storage.hit(hit('k'))).toMatchObject({ hits: 1 });
  });

  it('of one name are not pushed out by a flood under another', () => {
    for (let i = 0; i < 3; i++) storage.hit(hit('victim'));
    for (let i = 0; i < 150_000; i++) storage.hit({ ...hit(`flood ${i}`), name: 'flooded' });
    expect(storage.hit(hit('victim'))).toMatchObject({ hits: 4, isOver: true });
    expect(storage.countersOf('flooded').size).toBe(100_000);
  });
});

describeWith('redis', 'limits counted in Redis', (program) => {
  let server: RedisServer;
  let connection: RedisConnection;
  let storage: RedisThrottlerStorage;
  beforeEach(async () => {
    server = await startRedisServer(program);
    connection = await connectRedis(server.url, pino({ level: 'silent' }));
    storage = new RedisThrottlerStorage(connection);
    await connection.onModuleInit();
    expect(connection.isUp).toBe(true);
  });
  afterEach(async () => {
    connection.onApplicationShutdown();
    await server.stop();
  });
  keepsTheContract(() => storage);

  it('are counted on in memory, from where they were, at once, when Redis is gone', async () => {
    await storage.hit(hit('k'));
    await storage.hit(hit('k'));
    await server.kill();
    await eventually(() => !connection.isUp);
    expect(storage.hit(hit('k'))).toMatchObject({ hits: 3, isOver: true });
    expect(storage.hit(hit('new'))).toMatchObject({ hits: 1, isOver: false });
  });

  it('are counted in memory where Redis refuses: another type stands under the key', async () => {
    await server.ask('LPUSH donna:limit:policy:k x');
    expect(await storage.hit(hit('k'))).toMatchObject({ hits: 1, isOver: false });
    await storage.hit(hit('k'));
    expect(await storage.hit(hit('k'))).toMatchObject({ isOver: true });
    expect(connection.isUp).toBe(true);
  });
});
