import { type Database, DryRunError } from '../../database/index.js';
import { type OutboundCall, OutboundRecording } from '../../outbound/index.js';
import type { Answer, CandidateFailure } from '../compare/answer.js';
import type { OwnerEffects } from './effects-source.js';

/** Milliseconds for the dry run beside the handler: its data before and after. */
const REST_WITHIN_MS = 500;

/** `busy`: the database has no room for one more; `no-effects`: the data could not be prepared or read. */
export type Trial =
  | { readonly kind: 'busy' | 'no-effects' }
  | {
      readonly kind: 'tried';
      readonly answer: Answer | CandidateFailure;
      /** The owner's document as the candidate would leave it. */
      readonly left: string | undefined;
      /** What it would have sent, the first of it. */
      readonly outbound: readonly OutboundCall[];
    };

export interface TrialOptions {
  readonly database: Database;
  readonly owner: OwnerEffects;
  /** The document from which PHP began. */
  readonly before: string | undefined;
  /** Milliseconds that `ask` takes at most. */
  readonly timeoutMs: number;
  /** Asks the handler; does not reject. */
  readonly ask: () => Promise<Answer | CandidateFailure>;
}

/** Runs a handler's write from the data that PHP held before it, and takes it back. Never rejects. */
export async function runTrial({ database, owner, before, timeoutMs, ask }: TrialOptions): Promise<Trial> {
  const recording = new OutboundRecording();
  const startedAt = performance.now();
  let isAsked = false;
  let answer: Answer | CandidateFailure | undefined;
  const work = async (): Promise<string | undefined> => {
    await database.transaction((trx) => owner.prepare(trx, before));
    isAsked = true;
    answer = await ask();
    return 'failure' in answer ? undefined : database.transaction((trx) => owner.document(trx));
  };
  try {
    const left = await database.dryRun(() => recording.run(work), timeoutMs + REST_WITHIN_MS);
    if (answer === undefined) return { kind: 'no-effects' };
    const ms = performance.now() - startedAt;
    const bypass: CandidateFailure = { failure: 'threw', message: 'it connects past Outbound', ms };
    return { kind: 'tried', answer: recording.refused > 0 ? bypass : answer, left, outbound: recording.calls };
  } catch (error) {
    if (error instanceof DryRunError && error.code === 'busy') return { kind: 'busy' };
    // What keeps the database from being read after the handler was asked is the handler's: a transaction that it left open.
    if (!isAsked || !(error instanceof DryRunError)) return { kind: 'no-effects' };
    const ms = performance.now() - startedAt;
    const late: CandidateFailure = { failure: 'timeout', message: 'its data was not there in time', ms };
    return { kind: 'tried', answer: late, left: undefined, outbound: recording.calls };
  } finally {
    recording.close();
  }
}
