import { AsyncLocalStorage } from 'node:async_hooks';
import { installConnectionGuard } from './connection-guard.js';
import type { OutboundCall } from './outbound-call.js';

const MAX_CALLS = 20;

/** A call of a dry run that was neither made nor recorded: it came too late, or not through `Outbound`. */
export class OutboundRefusedError extends Error {
  override readonly name = 'OutboundRefusedError';
}

const recordings = new AsyncLocalStorage<OutboundRecording>();

/** What work would have sent: as long as it is open, calls of its asynchronous context are recorded, afterwards they fail. */
export class OutboundRecording {
  /** The first of them. */
  readonly calls: OutboundCall[] = [];
  /** All of them, and attempts to connect past `Outbound`. */
  total = 0;
  refused = 0;
  private isOpen = true;

  /** Runs `work` so that nothing which it starts is sent, now or ever. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    installConnectionGuard(() => recordings.getStore()?.refuse());
    return recordings.run(this, work);
  }

  /** @throws OutboundRefusedError once it is closed */
  add(call: OutboundCall): void {
    if (!this.isOpen) throw new OutboundRefusedError('The dry run that this call belongs to has ended');
    this.total += 1;
    if (this.calls.length < MAX_CALLS) this.calls.push(call);
  }

  close(): void {
    this.isOpen = false;
  }

  private refuse(): OutboundRefusedError {
    this.refused += 1;
    return new OutboundRefusedError('Within a dry run nothing connects by itself: call through Outbound');
  }
}

/** The recording that the caller is part of, be it open or closed. */
export function currentRecording(): OutboundRecording | undefined {
  return recordings.getStore();
}
