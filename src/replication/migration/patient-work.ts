import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseUnavailableError } from '../../database/index.js';
import type { Logger } from '../../trace/index.js';
import { BridgeError } from '../bridge.error.js';
import { ReplicationUnavailableError } from '../replication-unavailable.error.js';
import { OwnerFault } from './owner-fault.js';

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;
/** Tries before it is asked whether it is this owner that PHP does not answer for. */
const TRIES = 3;
/** Of SQLSTATE: data, constraints and limits. Everything else may be better in a while. */
const DATA_FAULT = /^(?:22|23|54)/;

/** PHP or the database was away for too long: the run ends, and goes on with the next one of its kind. */
export class RunFailure extends Error {
  override readonly name = 'RunFailure';
}

export interface Patience {
  /** Milliseconds for which PHP or the database may be away. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Rejects when PHP answers nobody. */
  readonly askPhp: () => Promise<unknown>;
}

type Judged = { readonly kind: 'owner'; readonly why: string } | { readonly kind: 'away'; readonly who: string };

/**
 * Tries until PHP and the database are there.
 * @throws OwnerFault what is wrong with one owner; RunFailure after `patienceMs`, or when stopped meanwhile
 */
export async function workPatiently<T>(work: () => Promise<T>, patience: Patience): Promise<T> {
  const { patienceMs, signal, askPhp } = patience;
  const startedAt = performance.now();
  for (let tries = 1; ; tries++) {
    if (signal.aborted) throw new RunFailure('stopped');
    try {
      return await work();
    } catch (error) {
      const judged = judge(error, patience.logger);
      if (judged.kind === 'owner') throw new OwnerFault(judged.why);
      if (tries >= TRIES && judged.who === 'PHP' && (await isAnswered(askPhp)))
        throw new OwnerFault('PHP answers, but not for this owner: its document may be too large');
      if (performance.now() - startedAt > patienceMs)
        throw new RunFailure(`${judged.who} does not answer: the next run goes on where this one was`);
      await sleep(Math.min(FIRST_PAUSE_MS * 2 ** tries, MAX_PAUSE_MS), undefined, { signal }).catch(() => undefined);
    }
  }
}

function judge(error: unknown, logger: Logger): Judged {
  if (error instanceof OwnerFault) return { kind: 'owner', why: error.message };
  if (error instanceof BridgeError)
    return error.kind === 'refused'
      ? { kind: 'owner', why: `PHP refuses: ${error.fault}` }
      : { kind: 'away', who: 'PHP' };
  if (error instanceof DatabaseUnavailableError) return { kind: 'away', who: 'the database' };
  if (error instanceof ReplicationUnavailableError) {
    if (error.cause instanceof BridgeError || error.cause instanceof DatabaseUnavailableError)
      return judge(error.cause, logger);
    if (error.reason === 'document-unreadable') return { kind: 'owner', why: "PHP's document cannot be read" };
    return { kind: 'away', who: error.reason === 'database' ? 'the database' : 'PHP' };
  }
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code === 'string')
    return DATA_FAULT.test(code)
      ? { kind: 'owner', why: `the database does not take it (SQLSTATE ${code})` }
      : { kind: 'away', who: 'the database' };
  logger.error({ err: error }, 'an owner could not be migrated');
  return { kind: 'owner', why: `unexpected: ${error instanceof Error ? error.name : typeof error}; see the log` };
}

async function isAnswered(ask: () => Promise<unknown>): Promise<boolean> {
  return ask().then(
    () => true,
    () => false,
  );
}
