import { LRUCache } from 'lru-cache';
import type { RedisConnection } from './redis-connection.js';
import { mapKeys, READ_CHANGES, SET_ENTRY } from './replicated-map.scripts.js';
import type { ReplicatedMap } from './shared-state.js';
import { MAP_BOUND } from './map-bound.js';
import { wholeMs } from './whole-ms.js';

/** Milliseconds between two questions for what has changed: what is set elsewhere is known here after that, and a round trip. */
const POLL_MS = 250;
/** Changes read in one answer, and entries given in one turn. */
const BATCH = 1000;
const GIVEN = 200;

interface Entry {
  readonly value: string;
  /** Of this process's monotonic clock, ms. */
  readonly setAt: number;
  /** Redis has it, as far as is known. */
  isShared: boolean;
}

/**
 * A table that each instance holds whole and keeps alike by asking Redis four times a second for what has changed. What
 * was set while Redis was gone, and what Redis has lost meanwhile, is given to it when it is back; of two values for one
 * key the later stands. Lives and ages are told as spans, so that the clocks of the instances need not agree.
 */
export class RedisReplicatedMap implements ReplicatedMap {
  private readonly entries = new LRUCache<string, Entry>(MAP_BOUND);
  private readonly keys: string[];
  private epoch = '';
  private version = '0';
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
  private syncing: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private hasUnshared = false;

  constructor(
    name: string,
    private readonly redis: RedisConnection,
  ) {
    this.keys = mapKeys(name);
    this.schedule();
  }

  get(key: string): string | undefined {
    return this.entries.get(key)?.value;
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    if (key === '') throw new RangeError('A key of a replicated map has at least one letter.');
    const entry: Entry = { value, setAt: performance.now(), isShared: false };
    this.entries.set(key, entry, { ttl: wholeMs(ttlMs) });
    try {
      await this.share(key, entry);
    } catch (error) {
      this.hasUnshared = true;
      throw error;
    }
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  /** Takes what has changed in Redis, and gives it what it does not know. Never rejects. */
  sync(): Promise<void> {
    clearTimeout(this.timer);
    this.syncing ??= this.exchange()
      // The connection tells what is wrong; here it is tried again.
      .catch(() => undefined)
      .finally(() => {
        this.syncing = undefined;
        this.schedule();
      });
    return this.syncing;
  }

  /** A question that is under way may have been answered before: then one more is asked, for all who wait for it. */
  catchUp(): Promise<void> {
    if (this.syncing === undefined) return this.sync();
    this.next ??= this.syncing.then(() => {
      this.next = undefined;
      return this.sync();
    });
    return this.next;
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (!this.isClosed) this.timer = setTimeout(() => void this.sync(), POLL_MS).unref();
  }

  private async exchange(): Promise<void> {
    if (!this.redis.isUp) return;
    let count: number;
    do count = await this.take();
    while (count === BATCH && !this.isClosed);
    if (this.hasUnshared) await this.give();
  }

  /** Reads one batch of changes; how many there were. */
  private async take(): Promise<number> {
    const answer = toTexts(
      await this.redis.run((client) =>
        client.eval(READ_CHANGES, { keys: this.keys, arguments: [this.version, String(BATCH)] }),
      ),
    );
    const [epoch = '', now = '0', ...changes] = answer;
    if (epoch !== this.epoch) {
      this.startOver(epoch);
      return BATCH;
    }
    for (let i = 0; i + 2 < changes.length; i += 3) {
      this.version = changes[i] ?? this.version;
      this.learn(changes[i + 1] ?? '', changes[i + 2] ?? '', Number(now));
    }
    return changes.length / 3;
  }

  /** Another map stands in Redis, or none: everything is read again, and what is known here is not known there. */
  private startOver(epoch: string): void {
    this.epoch = epoch;
    this.version = '0';
    for (const entry of this.entries.values()) entry.isShared = false;
    this.hasUnshared = this.entries.size > 0;
  }

  private learn(key: string, text: string, redisNow: number): void {
    const [, setAt, expiresAt, value] = /^(\d+) (\d+) ([\s\S]*)$/.exec(text) ?? [];
    const life = Number(expiresAt) - redisNow;
    if (value === undefined || life <= 0) return;
    const localSetAt = performance.now() - (redisNow - Number(setAt));
    const own = this.entries.peek(key);
    // Its own later value is still on its way to Redis.
    if (own !== undefined && !own.isShared && own.setAt > localSetAt && own.value !== value) return;
    this.entries.set(key, { value, setAt: localSetAt, isShared: true }, { ttl: wholeMs(life) });
  }

  private async give(): Promise<void> {
    this.hasUnshared = false;
    try {
      const unshared = [...this.entries.entries()].filter(([, entry]) => !entry.isShared);
      for (let i = 0; i < unshared.length; i += GIVEN)
        await Promise.all(unshared.slice(i, i + GIVEN).map(([key, entry]) => this.share(key, entry)));
    } catch (error) {
      this.hasUnshared = true;
      throw error;
    }
  }

  private async share(key: string, entry: Entry): Promise<void> {
    const life = this.entries.getRemainingTTL(key);
    if (life <= 0) return;
    const age = Math.max(0, Math.round(performance.now() - entry.setAt));
    const isTaken = await this.redis.run((client) =>
      client.eval(SET_ENTRY, {
        keys: this.keys,
        arguments: [key, entry.value, String(wholeMs(life)), String(age), String(MAP_BOUND.maxSize)],
      }),
    );
    entry.isShared = true;
    // A later value stands there, which may have been passed over here: read it again.
    if (isTaken === 0) this.version = '0';
  }
}

function toTexts(reply: unknown): readonly string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}
