import type { Link } from '../workers/index.js';
import { CountingStorage, type Hit } from './counting-storage.js';
import { COUNT_HITS, type HitLine } from './limit-desk.js';
import { MemoryThrottlerStorage } from './memory-throttler-storage.js';
import type { HitCount } from './window-counters.js';

/** Keys whose hits are told to the primary when it speaks again: the latest ones. */
const MAX_UNTOLD = 10_000;
/** Keys in one question. */
const TOLD_AT_ONCE = 1000;

/** Hits of one key in this turn, in the order of asking. */
interface Gathered {
  readonly hit: Hit;
  readonly waiting: ((count: HitCount) => void)[];
}

/**
 * Counts at the primary, for all workers together: what comes in one turn goes there in one question, equal keys as one line. What it
 * answers is noted here; who is over is refused without asking again, and while the primary is silent each worker counts on by itself
 * and tells it afterwards.
 */
export class LinkedThrottlerStorage extends CountingStorage {
  /** Hits that were counted here alone. */
  readonly countedAlone = { down: 0, error: 0 };
  private gathered = new Map<string, Gathered>();
  /** Counted while the primary was silent: it has not been asked, and shall know. */
  private untold = new Map<string, { readonly hit: Hit; readonly times: number }>();

  /** `asInsurance`: the counts that are known here come from Redis, and count there too. */
  constructor(
    private readonly link: Link,
    private readonly memory = new MemoryThrottlerStorage(),
    private readonly asInsurance = false,
  ) {
    super();
    link.beforeSend(() => this.ask());
    link.onUp(() => void this.tellAll());
  }

  hit(hit: Hit): HitCount | Promise<HitCount> {
    const refused = this.memory.countersOf(hit.name).hitIfOver(hit.key, hit.limit);
    if (refused !== undefined) return refused;
    if (!this.link.isUp) return this.countAlone(hit, 'down');
    const id = idOf(hit);
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
    // After an error it has been asked, and counts when it reads that.
    if (why === 'down') this.keepUntold(hit);
    return this.memory.hit(hit);
  }

  private keepUntold(hit: Hit): void {
    const id = idOf(hit);
    const known = this.untold.get(id);
    const isOpen = this.memory.countersOf(hit.name).peek(hit.key) !== undefined;
    // Of a window that is over nobody needs to hear.
    this.untold.delete(id);
    const [oldest] = this.untold.size < MAX_UNTOLD ? [] : this.untold.keys();
    if (oldest !== undefined) this.untold.delete(oldest);
    this.untold.set(id, { hit, times: isOpen ? (known?.times ?? 0) + 1 : 1 });
  }

  /** What was counted here alone in windows that are still open counts for all. */
  private async tellAll(): Promise<void> {
    const all = [...this.untold.values()];
    this.untold = new Map();
    const lines = all.flatMap(({ hit: { name, key, windowMs, limit, blockMs }, times }): HitLine[] => {
      const open = this.memory.countersOf(name).peek(key);
      return open === undefined ? [] : [[name, key, windowMs, limit, blockMs, times, 0, open.resetMs]];
    });
    for (let from = 0; from < lines.length; from += TOLD_AT_ONCE) {
      const some = lines.slice(from, from + TOLD_AT_ONCE);
      const counts = await this.link.ask(COUNT_HITS, some).catch(() => []);
      for (const [i, [hits, resetMs]] of counts.entries()) {
        const [name = '', key = '', , limit = 0] = some[i] ?? [];
        this.memory.countersOf(name).adopt(key, hits, Math.max(1, resetMs), limit);
      }
    }
  }
}

function idOf({ name, key, windowMs, limit, blockMs }: Hit): string {
  return `${name} ${windowMs} ${limit} ${blockMs} ${key}`;
}
