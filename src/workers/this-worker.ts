import cluster from 'node:cluster';
import { Link } from './link.js';
import { POOL, type StartFailure, type WorkerStart } from './pool-topics.js';

export interface WorkerEvents {
  /** Finish what is under way; the process ends when it has. */
  onDrain(graceMs: number): void;
  onReload(): void;
  /** The primary is gone, and with it the port. */
  onOrphaned(): void;
}

/** This process as a worker of its primary. */
export class ThisWorker {
  readonly link = new Link((message) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  });

  constructor(events: WorkerEvents) {
    const { link } = this;
    process.on('message', (message) => link.receive(message));
    link.handle(POOL.drain, ({ graceMs }) => events.onDrain(graceMs));
    link.handle(POOL.reload, () => events.onReload());
    cluster.worker?.once('disconnect', () => {
      // Else Node ends the process here, with all that is under way.
      if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
      link.close();
      events.onOrphaned();
    });
  }

  begin(): Promise<WorkerStart> {
    return this.link.ask(POOL.begin, null, { withinMs: 10_000, isPatient: true });
  }

  tellReady(facts: unknown): void {
    this.link.tell(POOL.ready, facts);
  }

  tellTable(text: string): void {
    this.link.tell(POOL.table, text);
  }

  /** Resolves when it is said: the process may end. */
  async tellFailure(failure: StartFailure): Promise<void> {
    await this.link.ask(POOL.failed, failure).catch(() => undefined);
  }
}
