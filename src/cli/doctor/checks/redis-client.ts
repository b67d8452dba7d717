import { createClient } from '@redis/client';

/**
 * A client that tries once and says nothing. In a module of its own, which is loaded when it is needed: of a CommonJS package that is
 * bundled, `import()` itself gives no names. The return type is inferred: the library's own name for it does not fit exact
 * optional properties.
 */
export function makeRedisClient(url: string) {
  const client = createClient({ url, socket: { reconnectStrategy: false }, disableOfflineQueue: true });
  client.on('error', () => undefined);
  return client;
}

export type RedisClient = ReturnType<typeof makeRedisClient>;
