import { LRUCache } from 'lru-cache';
import { type SharedState, StateUnavailableError } from '../../state/index.js';
import type { Logger } from '../../trace/index.js';

/** Messages that this process remembers by itself; the oldest is forgotten first. Only what its sender signed gets in. */
const MAX_HERE = 50_000;
/** By size and not by `max`: for that lru-cache would take the place of all of them at once. */
const BOUND = { maxSize: MAX_HERE, sizeCalculation: () => 1 } as const;

/**
 * Remembers messages, so that none is taken twice: here, and in the shared state for all instances. While that cannot be
 * reached each instance still refuses what it has taken itself.
 */
export class SeenMessages {
  private readonly here = new LRUCache<string, true>(BOUND);
  private isCutOff = false;

  constructor(
    private readonly state: SharedState,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  /** Remembers a message for `ttlMs`; false when it is known already. Atomic, also across instances. */
  async remember(id: string, ttlMs: number): Promise<boolean> {
    if (this.here.has(id)) return false;
    this.here.set(id, true, { ttl: ttlMs });
    let isNew = false;
    try {
      isNew = await this.ask(() => this.state.add(id, 'seen', ttlMs), true);
    } finally {
      // Another instance has it, and may yet give it back.
      if (!isNew) this.here.delete(id);
    }
    return isNew;
  }

  /** Lets a message come again: it did not reach whom it is for. */
  async forget(id: string): Promise<void> {
    this.here.delete(id);
    await this.ask(() => this.state.delete(id), undefined);
  }

  private async ask<Answer>(question: () => Promise<Answer>, otherwise: Answer): Promise<Answer> {
    try {
      const answer = await question();
      this.isCutOff = false;
      return answer;
    } catch (error) {
      if (!(error instanceof StateUnavailableError)) throw error;
      if (!this.isCutOff)
        this.logger.warn('signed messages: the shared state is gone, each instance refuses only its own replays');
      this.isCutOff = true;
      return otherwise;
    }
  }
}
