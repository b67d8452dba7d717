import type { Identity } from '../../auth/index.js';
import { type ErrorCode, GatewayError } from '../../contract/index.js';
import { callInternally, type ForwardError, TargetBreaker, type Upstream } from '../../forward/index.js';
import type { VoiceTarget } from './voice-targets.js';

/** In whose name a board is told, and by what it recognises that it was told before. */
export interface Telling {
  /** Undefined: the gateway itself. */
  readonly caller: Identity | undefined;
  readonly clientAddress: string | undefined;
  readonly traceId: string;
  readonly idempotencyKey: string | undefined;
}

/** How one target took an event. Nothing of what it answered. */
export interface Delivery {
  readonly target: VoiceTarget['name'];
  /** PHP's status; where it gave none that counts, what the gateway would answer: 502, 503, 504. */
  readonly status: number;
  readonly ms: number;
  readonly errorCode?: ErrorCode;
}

/** A board that fails half of at least five calls within ten seconds is left alone for five. */
const BREAKER = { threshold: 0.5, windowMs: 10_000, openMs: 5000 } as const;
/** To the breaker every fault is one of the script, slowness too. */
const FAULT: ForwardError = { stage: 'connect', cause: 'refused' };
const MAX_ANSWER_BYTES = 65_536;

/** One target of the fan-out behind a breaker of its own: neither its siblings nor the other routes of its host suffer from it. */
export class Board {
  private readonly breaker = new TargetBreaker(BREAKER);

  constructor(readonly target: VoiceTarget) {}

  /** Hands it an event (JSON text). Never throws. */
  async tell(upstream: Upstream, secret: string, json: string, telling: Telling): Promise<Delivery> {
    const { caller, clientAddress, traceId, idempotencyKey } = telling;
    const startedAt = performance.now();
    const done = (status: number, errorCode?: ErrorCode): Delivery => ({
      target: this.target.name,
      status,
      ms: Math.round(performance.now() - startedAt),
      ...(errorCode === undefined ? {} : { errorCode }),
    });
    try {
      const { status, body } = await callInternally(upstream, {
        method: 'POST',
        path: this.target.path,
        secret,
        traceId,
        json,
        timeoutMs: this.target.timeoutMs,
        maxAnswerBytes: MAX_ANSWER_BYTES,
        acceptsAnyBody: true,
        guard: (call) => this.guard(call),
        ...(caller === undefined ? {} : { caller }),
        ...(clientAddress === undefined ? {} : { clientAddress }),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      });
      if (status >= 400) return done(status, 'UPSTREAM_BAD_ANSWER');
      return status >= 200 && status < 300 && saysSuccess(body) ? done(status) : done(502, 'UPSTREAM_BAD_ANSWER');
    } catch (error) {
      if (error instanceof GatewayError) return done(error.status, error.code);
      return done(502, 'INTERNAL');
    }
  }

  private async guard(call: () => Promise<ForwardError | undefined>): Promise<ForwardError | undefined> {
    let failure: ForwardError | undefined;
    const seen = await this.breaker.guard(async () => {
      failure = await call();
      return failure === undefined ? undefined : FAULT;
    });
    // Without a failure of its own the call was not made: the breaker is open.
    return failure ?? seen;
  }
}

/** PHP tells some errors with 200 and `success: false`; what is no object was not its script. */
function saysSuccess(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'success' in body && body.success === true;
}
