import type { Worker } from 'node:cluster';

interface Handed {
  readonly seq: number;
  readonly handle: { close?(): void } | undefined;
}

interface InternalMessage {
  readonly act?: string;
  readonly seq?: number;
  readonly ack?: number;
}

/**
 * Closes the connection that a worker was handed and had not taken when it died: `node:cluster` keeps it open for good then, and its
 * client waits in vain. Connections are handed over one at a time, each acknowledged by its `seq`.
 */
export function closeUntaken(worker: Worker): void {
  const { process } = worker;
  let handed: Handed | undefined;
  const send = process.send.bind(process) as (...args: unknown[]) => boolean;
  Object.assign(process, {
    send: (message: InternalMessage | null, handle: Handed['handle'], ...rest: unknown[]): boolean => {
      if (message?.act === 'newconn') handed = { seq: message.seq ?? 0, handle };
      return send(message, handle, ...rest);
    },
  });
  // By then the next one may have been handed over already.
  process.on('internalMessage', (message: InternalMessage | null) => {
    if (message?.ack === handed?.seq) handed = undefined;
  });
  worker.once('exit', () => handed?.handle?.close?.());
}
