import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../../contract/index.js';
import { type SharedState, StateUnavailableError } from '../../state/index.js';

/** Milliseconds that the first result is remembered. */
const REMEMBER_MS = 86_400_000;
/** Milliseconds after which a run whose gateway has died is nobody's: longer than any run takes. */
const LEASE_MS = 30_000;
/** Milliseconds that a request waits for the same one's result. */
const WAIT_MS = 15_000;
const POLL_MS = 50;

/** What a run has come to; what is not `final` is forgotten, so that the same key runs again. */
export interface RunOutcome {
  readonly value: unknown;
  readonly isFinal: boolean;
}

/** What a key has come to: `isFirst` where this very call ran. */
export interface KeyedOutcome {
  readonly value: unknown;
  readonly isFirst: boolean;
}

interface Entry {
  readonly fingerprint: string;
  /** Of the run under way. */
  readonly holder?: string;
  /** Of the run that is over. */
  readonly value?: unknown;
}

/** Runs what has a key once, over all instances; who comes again within a day gets the first result. */
export class IdempotentRuns {
  constructor(private readonly state: SharedState) {}

  /**
   * @param name of the key, with its caller: any text
   * @param content what is asked for under it: another under the same key is a mistake
   * @throws GatewayError VALIDATION_FAILED for another content, UPSTREAM_UNAVAILABLE while the same run goes on for too
   *   long, and while nobody can say what has run; what `run` throws
   */
  async run(name: string, content: string, run: () => Promise<RunOutcome>): Promise<KeyedOutcome> {
    const key = `voice:once:${digest(name)}`;
    const fingerprint = digest(content);
    const startedAt = performance.now();
    for (;;) {
      const mine = JSON.stringify({ fingerprint, holder: randomUUID() } satisfies Entry);
      if (await known(this.state.add(key, mine, LEASE_MS))) {
        return { value: await this.hold(key, mine, fingerprint, run), isFirst: true };
      }
      const entry = parse(await known(this.state.get(key)));
      if (entry !== undefined && entry.fingerprint !== fingerprint)
        throw new GatewayError('VALIDATION_FAILED', {
          error: 'This idempotency key was used for another event.',
          validationErrors: { 'Idempotency-Key': 'was used for another event: make a new one for each' },
        });
      if (entry !== undefined && entry.holder === undefined) return { value: entry.value, isFirst: false };
      if (performance.now() - startedAt > WAIT_MS)
        throw new GatewayError('UPSTREAM_UNAVAILABLE', {
          error: 'The same event is being delivered. Ask again in a moment.',
          headers: { 'Retry-After': '1' },
        });
      await sleep(POLL_MS);
    }
  }

  private async hold(key: string, mine: string, fingerprint: string, run: () => Promise<RunOutcome>): Promise<unknown> {
    let outcome: RunOutcome | undefined;
    try {
      outcome = await run();
      return outcome.value;
    } finally {
      // What cannot be noted runs out with its lease: the result is the caller's all the same.
      await this.settle(key, mine, fingerprint, outcome).catch(() => undefined);
    }
  }

  private settle(key: string, mine: string, fingerprint: string, outcome: RunOutcome | undefined): Promise<boolean> {
    if (outcome?.isFinal !== true) return this.state.swap(key, mine, mine, 1);
    const done = JSON.stringify({ fingerprint, value: outcome.value } satisfies Entry);
    return this.state.swap(key, mine, done, REMEMBER_MS);
  }
}

/** Better nothing is delivered than twice. @throws GatewayError UPSTREAM_UNAVAILABLE */
async function known<Value>(asked: Promise<Value>): Promise<Value> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof StateUnavailableError)) throw error;
    throw new GatewayError('UPSTREAM_UNAVAILABLE', {
      error: 'Nobody can say now whether this event was delivered. Ask again in a moment.',
      headers: { 'Retry-After': '1' },
    });
  }
}

function parse(text: string | undefined): Entry | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as Entry);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
