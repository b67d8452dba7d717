import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { RedisConnection } from './redis-connection.js';
import { RedisReplicatedMap } from './redis-replicated-map.js';
import type { ReplicatedMap, SharedState } from './shared-state.js';
import { wholeMs } from './whole-ms.js';

const PREFIX = 'donna:state:';
const SWAP = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;

/** The shared state in Redis, for several gateways. */
export class RedisState implements SharedState, OnModuleInit, OnApplicationShutdown {
  private readonly maps = new Map<string, RedisReplicatedMap>();

  constructor(private readonly redis: RedisConnection) {
    redis.onUp(() => {
      for (const map of this.maps.values()) void map.sync();
    });
  }

  /** What other instances know is known here before the first request, if Redis can be asked. */
  async onModuleInit(): Promise<void> {
    // Nest starts both at the same time.
    await this.redis.onModuleInit();
    await Promise.all([...this.maps.values()].map((map) => map.sync()));
  }

  onApplicationShutdown(): void {
    for (const map of this.maps.values()) map.close();
  }

  async get(key: string): Promise<string | undefined> {
    return (await this.redis.run((client) => client.get(PREFIX + key))) ?? undefined;
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.redis.run((client) => client.set(PREFIX + key, value, { PX: wholeMs(ttlMs) }));
  }

  async add(key: string, value: string, ttlMs: number): Promise<boolean> {
    const answer = await this.redis.run((client) =>
      client.set(PREFIX + key, value, { PX: wholeMs(ttlMs), condition: 'NX' }),
    );
    return answer === 'OK';
  }

  async swap(key: string, expected: string, value: string, ttlMs: number): Promise<boolean> {
    const answer = await this.redis.run((client) =>
      client.eval(SWAP, { keys: [PREFIX + key], arguments: [expected, value, String(wholeMs(ttlMs))] }),
    );
    return answer === 1;
  }

  async delete(key: string): Promise<void> {
    await this.redis.run((client) => client.del(PREFIX + key));
  }

  replicatedMap(name: string): ReplicatedMap {
    const known = this.maps.get(name);
    if (known !== undefined) return known;
    const made = new RedisReplicatedMap(name, this.redis);
    this.maps.set(name, made);
    return made;
  }
}
