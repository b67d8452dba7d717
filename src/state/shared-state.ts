/**
 * Small facts that all instances of the gateway must agree on: in this process's memory, or in Redis where `REDIS_URL` is
 * set. Keys are the caller's own, with a prefix of its room (`webhook:…`); values are short texts. Nothing here is for
 * the hot path: with Redis each call is a round trip.
 */
export interface SharedState {
  /** The value, or undefined when there is none or its life is over. @throws StateUnavailableError */
  get(key: string): Promise<string | undefined>;
  /** Sets a value for `ttlMs`, whatever stood there. @throws StateUnavailableError */
  set(key: string, value: string, ttlMs: number): Promise<void>;
  /** Sets a value for `ttlMs` where there is none; false where there is. Atomic. @throws StateUnavailableError */
  add(key: string, value: string, ttlMs: number): Promise<boolean>;
  /** Replaces `expected` by `value` for `ttlMs`; false where another value, or none, stands. Atomic. @throws StateUnavailableError */
  swap(key: string, expected: string, value: string, ttlMs: number): Promise<boolean>;
  /** @throws StateUnavailableError */
  delete(key: string): Promise<void>;
  /**
   * A small table that every instance knows by heart: reading it costs a look-up in memory. What is set elsewhere arrives
   * within a second; while Redis is gone what is known stays known, and what is set here holds here.
   */
  replicatedMap(name: string): ReplicatedMap;
}

export interface ReplicatedMap {
  /** The value set here or elsewhere, or undefined. Never throws, never waits. */
  get(key: string): string | undefined;
  /** Sets a value for `ttlMs`. Resolves when the other instances can know of it. @throws StateUnavailableError: it holds here only */
  set(key: string, value: string, ttlMs: number): Promise<void>;
  /** Resolves when this instance knows what was set anywhere before the call, as far as it can be asked. Never rejects. */
  catchUp(): Promise<void>;
}

/** Redis cannot be asked. */
export class StateUnavailableError extends Error {
  constructor(options?: ErrorOptions) {
    super('The shared state cannot be reached.', options);
    this.name = 'StateUnavailableError';
  }
}

/** Nest token of the `SharedState` in use. */
export const SHARED_STATE = Symbol('shared state');

/** Nest token of this process's `RedisConnection`; undefined without `REDIS_URL`. */
export const REDIS = Symbol('redis');
