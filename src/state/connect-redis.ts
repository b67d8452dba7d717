import type { Logger } from '../trace/index.js';
import type { RedisConnection } from './redis-connection.js';

/** A connection to Redis. Its client is loaded by who has a Redis: it is a quarter of the time of a start. */
export async function connectRedis(url: string, logger: Logger): Promise<RedisConnection> {
  const { RedisConnection } = await import('./redis-connection.js');
  return new RedisConnection(url, logger);
}
