import { setTimeout as sleep } from 'node:timers/promises';

/** One at a time for each key, in the order of asking, within this process. */
export class KeyedMutex {
  private readonly queues = new Map<string, { last: Promise<void>; length: number }>();

  constructor(
    private readonly maxWaiting: number,
    private readonly waitMs: number,
  ) {}

  /** @throws what `refuse` makes when too many wait already, or its turn does not come in time; what `work` throws */
  async run<Result>(key: string, work: () => Promise<Result>, refuse: () => Error): Promise<Result> {
    const queue = this.queues.get(key) ?? { last: Promise.resolve(), length: 0 };
    if (queue.length > this.maxWaiting) throw refuse();
    queue.length += 1;
    this.queues.set(key, queue);
    const before = queue.last;
    let finish: () => void = () => undefined;
    const mine = new Promise<void>((resolve) => (finish = resolve));
    queue.last = before.then(() => mine);
    try {
      await this.turn(before, refuse);
      return await work();
    } finally {
      finish();
      queue.length -= 1;
      if (queue.length === 0) this.queues.delete(key);
    }
  }

  private async turn(before: Promise<void>, refuse: () => Error): Promise<void> {
    const patience = new AbortController();
    const late = sleep(this.waitMs, true, { signal: patience.signal, ref: false }).catch(() => false);
    const isLate = await Promise.race([before.then(() => false), late]);
    patience.abort();
    if (isLate) throw refuse();
  }
}
