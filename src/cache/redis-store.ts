import type { RedisConnection } from '../state/index.js';
import type { AnswerSeal } from './sealed-answer.js';
import { remainingMs, type StoredAnswer } from './stored-answer.js';

/** Milliseconds that a request waits for Redis; what takes longer is fetched. */
const READ_WITHIN_MS = 100;
/** Milliseconds for which a Redis that was late is not asked. */
const REST_MS = 1000;
/** Milliseconds after Redis was found until it is read: by then this process knows what was voided meanwhile. */
const SETTLE_MS = 1000;
/** Writes under way; more are left out. */
const MAX_WRITES = 256;

/** Answers that all instances share. Redis being gone, slow or full means that nothing is found, and never an error. */
export class RedisStore {
  private restsUntil = 0;
  private readableFrom = Infinity;
  private writes = 0;

  constructor(
    private readonly redis: RedisConnection,
    private readonly seal: AnswerSeal,
    private readonly onFault: () => void,
  ) {
    const settle = (): void => {
      this.readableFrom = performance.now() + SETTLE_MS;
    };
    redis.onUp(settle);
    if (redis.isUp) settle();
  }

  /** Whether this process hears of what other instances void. */
  get isUp(): boolean {
    return this.redis.isUp && performance.now() >= this.readableFrom;
  }

  /** Waits for 100 ms at most. */
  async get(key: string): Promise<StoredAnswer | undefined> {
    if (!this.isUp || performance.now() < this.restsUntil) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), READ_WITHIN_MS);
    });
    try {
      const found = await Promise.race([this.redis.getBytes(nameOf(key)), late]);
      if (found === 'late') {
        this.rest();
        return undefined;
      }
      return found === null ? undefined : this.seal.open(key, found);
    } catch {
      this.rest();
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Returns at once; that it cannot be kept there is counted. */
  set(key: string, answer: StoredAnswer, now: number): void {
    const ttlMs = Math.ceil(remainingMs(answer, now));
    if (ttlMs <= 0 || !this.redis.isUp || performance.now() < this.restsUntil || this.writes >= MAX_WRITES) return;
    this.writes += 1;
    this.redis
      .run((client) => client.set(nameOf(key), this.seal.close(key, answer), { PX: ttlMs }))
      .catch(() => this.rest())
      .finally(() => (this.writes -= 1));
  }

  private rest(): void {
    this.restsUntil = performance.now() + REST_MS;
    this.onFault();
  }
}

function nameOf(key: string): string {
  return `donna:cache:${key}`;
}
