import { waitAtMost } from '../wait-at-most.js';

/** One at a time, in the order of asking. */
export class Mutex {
  private last: Promise<void> = Promise.resolve();

  /**
   * Waits for its turn.
   * @returns what ends the turn
   * @throws what `late` makes, after `withinMs`; the place in the queue is given up
   */
  async acquire(withinMs: number, late: () => Error): Promise<() => void> {
    const before = this.last;
    let release: () => void = () => undefined;
    const mine = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.last = before.then(() => mine);
    try {
      await waitAtMost(before, withinMs, late);
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }
}
