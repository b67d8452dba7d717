import { randomBytes } from 'node:crypto';
import type { ReplicatedMap } from '../state/index.js';

/** Tags share so many counters: a fixed size, whatever is tagged. Two tags in one counter only void each other's answers. */
const COUNTERS = 4096;
/** Longer than anything that is stored may be used: see the bounds in the route table's schema. */
const LIFE_MS = 4 * 86_400_000;
const FNV_OFFSET = 0x81_1c_9d_c5;
const FNV_PRIME = 0x01_00_01_93;

/**
 * What tells stored answers that they are void: each tag has a generation, which every instance knows by heart. What is
 * stored names the generation from before it was asked for, so that neither an answer that a write has overtaken nor one
 * that was stored elsewhere is used after it.
 */
export class Generations {
  private readonly process = randomBytes(6).toString('base64url');
  private count = 0;

  constructor(private readonly shared: ReplicatedMap) {}

  /** The generation of several tags together: another text once any of them was voided. */
  of(tags: readonly string[]): string {
    let text = '';
    for (const tag of tags) text += `${this.shared.get(counterOf(tag)) ?? ''},`;
    return text;
  }

  /** Learns what other instances have voided before this call. Never rejects. */
  catchUp(): Promise<void> {
    return this.shared.catchUp();
  }

  /** Voids whatever has one of these tags: here at once, elsewhere within a second. Resolves when the others can know of it, or cannot. */
  async void(tags: Iterable<string>): Promise<void> {
    const counters = new Set<string>();
    for (const tag of tags) counters.add(counterOf(tag));
    const told: Promise<void>[] = [];
    for (const counter of counters) {
      this.count += 1;
      // While Redis is gone it holds here, and is told when Redis is back.
      const set = this.shared.set(counter, `${this.process}${this.count.toString(36)}`, LIFE_MS);
      told.push(set.catch(() => undefined));
    }
    await Promise.all(told);
  }
}

function counterOf(tag: string): string {
  let hash = FNV_OFFSET;
  for (let i = 0; i < tag.length; i++) hash = Math.imul(hash ^ tag.charCodeAt(i), FNV_PRIME);
  return String((hash >>> 0) % COUNTERS);
}
