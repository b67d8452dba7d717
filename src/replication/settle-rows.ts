import type { Transaction } from 'kysely';
import type { Tables } from '../database/index.js';
import type { PhpRead } from './bridge-answer.js';
import type { Collection } from './collection.js';
import { changesAfter, forgetChanges, hasChange, type PendingChange } from './outbox.js';
import { makeOrigin, type OwnerState, saveState, type Ticket } from './owner-states.js';

/** What PHP said of an owner. `unreachable`: it did not answer in time, or is not there. */
export type PhpSaid = PhpRead | { readonly kind: 'unreachable' };

/** PHP's answer, and when it was asked for. */
export interface Answer {
  /** Undefined: no number was drawn, so that the answer serves only where it is the version that the rows stand on. */
  readonly ticket: Ticket | undefined;
  readonly read: PhpSaid;
}

/** Whether PHP may have something that the rows have not. */
interface PhpsPart {
  readonly hasBridge: boolean;
  /** Milliseconds since PHP could last write; undefined while it can. */
  readonly quietMs: number | undefined;
  readonly graceMs: number;
}

export interface Settling extends PhpsPart {
  readonly collection: Collection;
  readonly owner: string;
  /** As it stands under the owner's lock. */
  readonly state: OwnerState | undefined;
  readonly maxPending: number;
  /** Undefined: PHP was not asked yet. */
  readonly answer: Answer | undefined;
}

export type Settled =
  /** The rows may be used. `isStale`: PHP did not answer, and what it has written since is not in them. */
  | {
      readonly kind: 'go';
      /** How changes of these rows are told to PHP; undefined where they are not. */
      readonly standing: Pick<OwnerState, 'origin' | 'deliveredSeq'> | undefined;
      readonly isStale?: boolean;
    }
  | { readonly kind: 'ask' }
  /** Never heard of PHP's document, and cannot. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unreadable'; readonly why: string }
  /** PHP's document is gone or older than what it is known to have had: the rows are to go there. */
  | { readonly kind: 'went-back'; readonly version: string };

const ASK = { kind: 'ask' } as const;

/**
 * Whether rows that were read together with their state, without a lock, may be used: by what PHP said before, or because it cannot
 * have written. `stale`: PHP does not answer.
 */
export function areFresh(
  state: OwnerState | undefined,
  { said, ...php }: PhpsPart & { readonly said: PhpSaid | undefined },
): 'yes' | 'stale' | 'no' {
  if (said === undefined) return !php.hasBridge || isConfirmed(state, php) ? 'yes' : 'no';
  if (said.kind === 'unreachable') return state?.confirmedAgeMs === undefined ? 'no' : 'stale';
  return said.kind !== 'unreadable' && state?.version === said.version ? 'yes' : 'no';
}

/**
 * Brings an owner's rows up to date with PHP's answer, under the owner's lock, or says what is missing for that. The rows are
 * always PHP's document of the version that is noted, with the outbox upon it.
 */
export async function settleRows(trx: Transaction<Tables>, settling: Settling): Promise<Settled> {
  const { collection, owner, hasBridge, answer, state } = settling;
  const asked = state?.confirmedAgeMs === undefined ? undefined : state;
  if (answer === undefined) {
    if (!hasBridge) return { kind: 'go', standing: asked };
    return state !== undefined && isConfirmed(state, settling) ? { kind: 'go', standing: state } : ASK;
  }
  const { read, ticket } = answer;
  if (read.kind === 'unreachable')
    return asked === undefined ? { kind: 'unknown' } : { kind: 'go', standing: asked, isStale: true };
  if (read.kind === 'unreadable') return read;
  const isSame = state?.version === read.version;
  if (ticket === undefined) return state !== undefined && isSame ? { kind: 'go', standing: state } : ASK;
  // Somebody who asked later has put the answer into the rows.
  if (state?.version !== undefined && state.ticket > ticket.number) return { kind: 'go', standing: state };
  if (state !== undefined && isSame) {
    // While PHP may write, it is asked each time anyway.
    if (settling.quietMs !== undefined)
      await saveState(trx, collection.name, owner, {
        ...state,
        version: read.version,
        confirmedBy: { number: ticket.number, askedAt: ticket.askedAt },
      });
    return { kind: 'go', standing: state };
  }
  return read.kind === 'unchanged' ? ASK : takeDocument(trx, settling, { read, ticket });
}

/** Whether PHP was asked after it could last write. */
function isConfirmed(state: OwnerState | undefined, { quietMs, graceMs }: PhpsPart): boolean {
  if (state?.version === undefined || state.confirmedAgeMs === undefined || quietMs === undefined) return false;
  return state.confirmedAgeMs < quietMs - graceMs;
}

interface Taking {
  readonly read: Extract<PhpRead, { kind: 'document' }>;
  readonly ticket: Ticket;
}

async function takeDocument(
  trx: Transaction<Tables>,
  { collection, owner, maxPending, state }: Settling,
  { read, ticket }: Taking,
): Promise<Settled> {
  const at = { collection: collection.name, owner };
  const seq = state !== undefined && read.origin === state.origin ? read.seq : 0;
  if (state !== undefined && seq < state.deliveredSeq) {
    if (seq < ticket.deliveredSeq) return { kind: 'went-back', version: read.version };
    // A change was delivered after PHP had answered. Where PHP's document was the one of the rows then, they are fresh enough.
    return state.version === undefined ? ASK : { kind: 'go', standing: state };
  }
  if (read.document === undefined) {
    // PHP never removes a document: where there are rows, it has lost it, or has never had it.
    if ((await collection.document(trx, owner)) !== undefined) return { kind: 'went-back', version: read.version };
  } else {
    await collection.replace(trx, owner, read.document);
  }
  // A number that was never given: this database was put back to an earlier state, and PHP has what it has forgotten.
  const isForgotten = state !== undefined && seq > state.deliveredSeq && !(await hasChange(trx, at, seq));
  const origin = state === undefined || isForgotten ? makeOrigin() : state.origin;
  const deliveredSeq = isForgotten ? 0 : seq;
  await replay(trx, collection, owner, await changesAfter(trx, at, deliveredSeq, maxPending + 1));
  await forgetChanges(trx, at, deliveredSeq);
  await saveState(trx, collection.name, owner, { origin, version: read.version, deliveredSeq, confirmedBy: ticket });
  return { kind: 'go', standing: { origin, deliveredSeq } };
}

async function replay(
  trx: Transaction<Tables>,
  collection: Collection,
  owner: string,
  changes: readonly PendingChange[],
): Promise<void> {
  for (const { change } of changes) await collection.apply(trx, owner, change);
}
