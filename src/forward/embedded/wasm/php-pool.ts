import { setTimeout as sleep } from 'node:timers/promises';
import { type PhpThread } from './php-thread.js';

interface Waiting {
  readonly give: (thread: PhpThread) => void;
  readonly refuse: () => void;
}

/** What the pool is made of. */
export interface PhpPoolOptions {
  readonly maxWaiting: number;
  readonly requestsPerThread: number;
  /** Starts one more thread. */
  readonly startThread: () => Promise<PhpThread>;
  readonly log: (line: string) => void;
}

/**
 * Hands threads to requests, first come first served. A thread that has served its share is replaced once a fresh one
 * is warm, so that no request waits for the change; a lost one is replaced at once.
 */
export class PhpPool {
  readonly #idle: PhpThread[] = [];
  readonly #all = new Set<PhpThread>();
  readonly #worn = new Set<PhpThread>();
  readonly #waiting = new Set<Waiting>();
  #starting: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(private readonly options: PhpPoolOptions) {}

  /** Takes in a thread that is ready. */
  add(thread: PhpThread): void {
    if (this.#isStopped) return void thread.end();
    this.#all.add(thread);
    this.#offer(thread);
  }

  /** Starts one more thread after those already being started; failing, tries again, ever later. */
  grow(onReady?: (thread: PhpThread) => void): void {
    this.#starting = this.#startAfter(this.#starting, onReady);
  }

  /** The next free thread; undefined when too many wait already, `withinMs` has passed or the signal fires. */
  acquire(withinMs: number, signal: AbortSignal): Promise<PhpThread | undefined> {
    for (let free = this.#idle.pop(); free !== undefined; free = this.#idle.pop()) {
      if (!free.isLost) return Promise.resolve(free);
      this.release(free);
    }
    if (this.#isStopped || signal.aborted || this.#waiting.size >= this.options.maxWaiting)
      return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const settle = (thread: PhpThread | undefined): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', refuse);
        this.#waiting.delete(waiting);
        resolve(thread);
      };
      const refuse = (): void => settle(undefined);
      const waiting: Waiting = { give: settle, refuse };
      const timer = setTimeout(refuse, withinMs);
      signal.addEventListener('abort', refuse);
      this.#waiting.add(waiting);
    });
  }

  /** Gives a thread back after its request. */
  release(thread: PhpThread): void {
    const isMember = this.#all.has(thread);
    // So far worn that an answer may be lost: it serves no more, even if its replacement is not there yet.
    const isSpent = thread.served >= 3 * this.options.requestsPerThread;
    if (thread.isLost || isSpent || !isMember) {
      this.#drop(thread);
      if (isMember && !this.#worn.delete(thread)) this.grow();
      return;
    }
    if (thread.served >= this.options.requestsPerThread && !this.#worn.has(thread)) {
      this.#worn.add(thread);
      this.grow(() => this.#retire(thread));
    }
    this.#offer(thread);
  }

  /** Ends all threads; waits two seconds at most, since a thread blocked in a lock cannot be ended before it has it. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const waiting of this.#waiting) waiting.refuse();
    const ending = Promise.all([...this.#all].map((thread) => thread.end()));
    await Promise.race([ending, sleep(2000, undefined, { ref: false })]);
  }

  async #startAfter(earlier: Promise<void>, onReady?: (thread: PhpThread) => void): Promise<void> {
    await earlier;
    for (let backoffMs = 200; !this.#isStopped; backoffMs = Math.min(backoffMs * 2, 10_000)) {
      try {
        const thread = await this.options.startThread();
        onReady?.(thread);
        this.add(thread);
        return;
      } catch (error) {
        this.options.log(`embedded PHP thread did not start: ${error instanceof Error ? error.message : 'unknown'}`);
        await sleep(backoffMs, undefined, { ref: false });
      }
    }
  }

  #offer(thread: PhpThread): void {
    const [next] = this.#waiting;
    if (next !== undefined) next.give(thread);
    else this.#idle.push(thread);
  }

  #retire(thread: PhpThread): void {
    if (!this.#worn.delete(thread)) return;
    this.#all.delete(thread);
    if (!thread.isBusy) this.#drop(thread);
  }

  #drop(thread: PhpThread): void {
    this.#all.delete(thread);
    const index = this.#idle.indexOf(thread);
    if (index >= 0) this.#idle.splice(index, 1);
    void thread.end();
  }
}
