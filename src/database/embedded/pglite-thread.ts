import { DatabaseError } from 'pg';
import { Worker } from 'node:worker_threads';
import { DatabaseUnavailableError } from '../database-unavailable.error.js';
import { waitAtMost } from '../wait-at-most.js';
import type {
  SaidByPostgres,
  StatementCall,
  ThreadCall,
  ThreadMessage,
  ThreadPlan,
  WrittenRows,
} from './pglite-messages.js';

/** Milliseconds that opening may take, making included, on the busiest machine. */
const START_WITHIN_MS = 180_000;
const CLOSE_WITHIN_MS = 15_000;
/** Of JavaScript, which what a result may have fills by half; the engine's own memory is bounded by the thread itself. */
const HEAP_MB = 768;

/** SQLSTATE class of what must not happen: the engine is in a state that nobody knows. */
const INTERNAL_ERROR = 'XX';

export interface ThreadEvents {
  onNotification(channel: string, payload: string): void;
  /** Called once, when the thread serves no longer though nobody has closed it. */
  onLost(fault: string): void;
}

interface Pending {
  /** Called with each part of the rows, in their order. */
  readonly take: (part: WrittenRows) => void;
  /** With the command's tag. */
  readonly resolve: (tag: string) => void;
  readonly reject: (error: Error) => void;
}

/** An embedded Postgres in a thread of its own, as seen from the gateway's. It keeps the process alive only while it works. */
export class PGliteThread {
  private readonly worker: Worker;
  private readonly pending = new Map<number, Pending>();
  private readonly exited: Promise<void>;
  private lastId = 0;
  private fault: string | undefined;
  private isReady = false;
  private isClosing = false;
  private onReady: () => void = () => undefined;
  private onFailed: (error: Error) => void = () => undefined;
  private onClosed: () => void = () => undefined;

  private constructor(
    plan: ThreadPlan,
    private readonly events: ThreadEvents,
  ) {
    // The file has this one's own extension: `.js` when built, `.ts` when Jest runs the sources.
    const file = new URL(`./pglite.worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);
    this.worker = new Worker(file, {
      workerData: plan,
      env: {},
      execArgv: ['--disable-warning=ExperimentalWarning'],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    this.worker.on('message', (message: ThreadMessage) => this.receive(message));
    this.worker.on('messageerror', () => this.end('its answer cannot be read'));
    this.worker.on('error', (error) => this.lose(error.message));
    this.exited = new Promise((resolve) => {
      this.worker.once('exit', () => {
        this.lose('its thread has ended');
        resolve();
      });
    });
  }

  /** Opens the folder's database, which this process has locked, and makes it where there is none. @throws what PGlite or the system says */
  static async start(plan: ThreadPlan, events: ThreadEvents, signal: AbortSignal): Promise<PGliteThread> {
    signal.throwIfAborted();
    const thread = new PGliteThread(plan, events);
    const started = new Promise<void>((resolve, reject) => {
      thread.onReady = resolve;
      thread.onFailed = reject;
    });
    const giveUp = (): void => thread.end('nobody wants it');
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await waitAtMost(started, START_WITHIN_MS, () => new Error(`not ready after ${START_WITHIN_MS} ms`));
    } catch (error) {
      thread.end('it did not start');
      await thread.exited;
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
    return thread;
  }

  get isLost(): boolean {
    return this.fault !== undefined;
  }

  /**
   * Runs one statement. One that takes longer than `withinMs` ends the thread: Postgres cannot stop it, here.
   * @returns the command's tag, once `take` has had all rows
   * @throws pg's DatabaseError; DatabaseUnavailableError when the thread is lost
   */
  async run(
    { sql, parameters }: Pick<StatementCall, 'sql' | 'parameters'>,
    withinMs: number,
    take: Pending['take'],
  ): Promise<string> {
    if (this.fault !== undefined) throw makeUnavailable(this.fault);
    const id = ++this.lastId;
    const timer = setTimeout(() => this.end(`a statement took longer than ${withinMs} ms`), withinMs);
    try {
      return await new Promise((resolve, reject) => {
        this.send({ kind: 'statement', id, sql, parameters });
        this.pending.set(id, { take, resolve, reject });
        this.worker.ref();
      });
    } finally {
      clearTimeout(timer);
      this.pending.delete(id);
      if (this.pending.size === 0) this.worker.unref();
    }
  }

  /** Ends the thread at once, in the midst of what it does; what was acknowledged is on disk. */
  end(fault: string): void {
    this.lose(fault);
    void this.worker.terminate();
  }

  /** Ends it after what was asked before; resolves when the folder is not used any more. @throws Error when it had to be cut off */
  async close(): Promise<void> {
    this.isClosing = true;
    const closed = new Promise<void>((resolve) => (this.onClosed = resolve));
    try {
      if (this.isLost) return;
      this.worker.ref();
      this.send({ kind: 'close' });
      await waitAtMost(Promise.race([closed, this.exited]), CLOSE_WITHIN_MS, () => new Error('it does not close'));
    } finally {
      this.end('it has been closed');
      await this.exited;
    }
  }

  private send(call: ThreadCall): void {
    this.worker.postMessage(call, []);
  }

  private receive(message: ThreadMessage): void {
    switch (message.kind) {
      case 'ready':
        this.isReady = true;
        this.worker.unref();
        return this.onReady();
      case 'closed':
        return this.onClosed();
      case 'notification':
        return this.events.onNotification(message.channel, message.payload);
      case 'result':
        this.take(message.id, message.part);
        return this.pending.get(message.id)?.resolve(message.tag);
      case 'rows':
        this.take(message.id, message.part);
        // What else has come in meanwhile goes before.
        setImmediate(() => this.send({ kind: 'more', id: message.id }));
        return;
      case 'error':
        this.pending.get(message.id)?.reject(makeError(message.error));
        if (message.error.code.startsWith(INTERNAL_ERROR)) this.end(message.error.message);
        return;
      case 'fault':
        return this.end(message.fault);
    }
  }

  private take(id: number, part: WrittenRows): void {
    const pending = this.pending.get(id);
    try {
      pending?.take(part);
    } catch (error) {
      pending?.reject(error instanceof Error ? error : new Error('a value cannot be read'));
    }
  }

  private lose(fault: string): void {
    if (this.isLost) return;
    this.fault = fault;
    // Each with an error of its own: Kysely writes to it.
    for (const { reject } of this.pending.values()) reject(makeUnavailable(fault));
    this.onFailed(new Error(fault));
    if (this.isReady && !this.isClosing) this.events.onLost(fault);
  }
}

function makeUnavailable(fault: string): DatabaseUnavailableError {
  return new DatabaseUnavailableError(`The embedded database has ended (${fault}): try again`);
}

function makeError({ message, code, fields }: SaidByPostgres): DatabaseError {
  return Object.assign(new DatabaseError(message, message.length, 'error'), { ...fields, code });
}
