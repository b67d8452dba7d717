import type { Link } from '../workers/index.js';
import { CountingStorage, type Hit } from './counting-storage.js';
import { COUNT_HITS, type HitLine } from './limit-desk.js';
import { MemoryThrottlerStorage } from './memory-throttler-storage.js';
import type { HitCount } from './window-counters.js';

/** Hits of one key in this turn, in the order of asking. */
interface Gathered {
  readonly hit: Hit;
  readonly waiting: ((count: HitCount) => void)[];
}

/**
 * Counts at the primary, for all workers together: what comes in one turn goes there in one question, equal keys as one line. What it
 * answers is noted here; who is over is refused without asking again, and while the primary is silent each worker counts on by itself.
 */
export class LinkedThrottlerStorage extends CountingStorage {
  /** Hits that were counted here alone. */
  readonly countedAlone = { down: 0, error: 0 };
  private gathered = new Map<string, Gathered>();

  /** `asInsurance`: the counts that are known here come from Redis, and count there too. */
  constructor(
    private readonly link: Link,
    private readonly memory = new MemoryThrottlerStorage(),
    private readonly asInsurance = false,
  ) {
    super();
    link.beforeSend(() => this.ask());
  }

  hit(hit: Hit): HitCount | Promise<HitCount> {
    const refused = this.memory.countersOf(hit.name).hitIfOver(hit.key, hit.limit);
    if (refused !== undefined) return refused;
    if (!this.link.isUp) return this.countAlone(hit, 'down');
    const { name, key, windowMs, limit, blockMs } = hit;
    const id = `${name} ${windowMs} ${limit} ${blockMs} ${key}`;
    let one = this.gathered.get(id);
    if (one === undefined) {
      one = { hit, waiting: [] };
      this.gathered.set(id, one);
      this.link.wake();
    }
    const { waiting } = one;
    return new Promise((resolve) => waiting.push(resolve));
  }

  private ask(): void {
    if (this.gathered.size === 0) return;
    const all = [...this.gathered.values()];
    this.gathered = new Map();
    void this.count(all);
  }

  private async count(all: readonly Gathered[]): Promise<void> {
    const lines = all.map((one) => this.lineOf(one));
    const counts = await this.link.ask(COUNT_HITS, lines).catch(() => []);
    for (const [i, one] of all.entries()) this.settle(one, counts[i]);
  }

  private lineOf({ hit: { name, key, windowMs, limit, blockMs }, waiting }: Gathered): HitLine {
    const known = this.asInsurance ? this.memory.countersOf(name).peek(key) : undefined;
    return [name, key, windowMs, limit, blockMs, waiting.length, known?.hits ?? 0, known?.resetMs ?? 0];
  }

  private settle({ hit, waiting }: Gathered, count: readonly [hits: number, resetMs: number] | undefined): void {
    if (count === undefined) {
      for (const resolve of waiting) resolve(this.countAlone(hit, 'error'));
      return;
    }
    const [hits, reset] = count;
    const resetMs = Math.max(1, reset);
    this.memory.countersOf(hit.name).adopt(hit.key, hits, resetMs, hit.limit);
    for (const [i, resolve] of waiting.entries()) {
      const own = hits - waiting.length + 1 + i;
      resolve({ hits: own, isOver: own > hit.limit, resetMs });
    }
  }

  private countAlone(hit: Hit, why: 'down' | 'error'): HitCount {
    this.countedAlone[why] += 1;
    return this.memory.hit(hit);
  }
}
