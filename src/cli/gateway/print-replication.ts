import { printable } from './printable.js';

/** What waits for PHP, as the admin API tells it. */
export interface ReplicationView {
  readonly isKnown: boolean;
  readonly hasBridge: boolean;
  readonly pending: number;
  readonly owners: number;
  /** Milliseconds. */
  readonly oldestMs: number;
  readonly lastFailure: { readonly at: string; readonly fault: string } | null;
}

/** What native handlers have changed and PHP may not know yet, and whether it is safe to let PHP answer again. */
export function printReplication(data: unknown): string {
  const { isKnown, hasBridge, pending, owners, oldestMs, lastFailure } = data as ReplicationView;
  const lines = [
    !hasBridge
      ? 'This gateway tells PHP of no changes: its route table names no PHP application that is told.'
      : !isKnown
        ? 'What waits for PHP is not known: the embedded database has not been started, and is not started to look.'
        : pending === 0
          ? 'Nothing waits for PHP: it has every change that a native handler has acknowledged.'
          : `${pending} changes of ${owners} owners wait for PHP, the oldest for ${Math.ceil(oldestMs / 1000)} s.`,
    ...(pending === 0
      ? []
      : ['Before PHP answers these routes again, let them arrive: they go by themselves as soon as PHP takes them.']),
    ...(lastFailure === null ? [] : [`The last failure of this instance, ${lastFailure.at}: ${lastFailure.fault}`]),
  ];
  return lines.map(printable).join('\n');
}

/** One line below the stages, where something waits. */
export function replicationFooter(data: unknown): string | undefined {
  const { pending, owners, oldestMs } = data as ReplicationView;
  if (pending === 0) return undefined;
  const line = `${pending} changes of ${owners} owners wait for PHP, the oldest for ${Math.ceil(oldestMs / 1000)} s: npm run gateway -- replication`;
  return `\n${printable(line)}`;
}
