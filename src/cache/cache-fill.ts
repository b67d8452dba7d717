import type { CachePolicy } from '../routing/index.js';
import type { Exchange } from '../trace/index.js';
import { AnswerTap, type SendAnswer, type TappedHead } from './answer-tap.js';
import { forwardStatus, type Forwarded, hitStatus } from './cache-status.js';
import type { Flight } from './flights.js';
import { keepAnswer, toldHeaders } from './keep-answer.js';
import { sendStored, type Validators } from './send-stored.js';
import { ageOf, type StoredAnswer } from './stored-answer.js';
import type { AnswerStore } from './answer-store.js';

/** Where what is fetched goes. */
export interface FillPlan {
  readonly key: string;
  readonly generation: string;
  /** Undefined: nobody waits for it. */
  readonly flight: Flight | undefined;
  /** Whether nothing has voided its tags since it was asked for. */
  readonly isCurrent: () => boolean;
}

interface FillOptions extends FillPlan {
  readonly why: Forwarded;
  readonly validators: Validators;
  /** What stands in for a failure. */
  readonly spare: StoredAnswer | undefined;
  readonly onSpared: () => void;
}

/** Watches answers of one route on their way out: keeps them, and says in `Cache-Status` what became of the request. */
export class CacheFill {
  constructor(
    private readonly policy: CachePolicy,
    private readonly parts: { readonly store: AnswerStore },
  ) {}

  /** Tells in the answer why it was fetched, and keeps nothing of it. */
  label(exchange: Exchange, why: Forwarded): void {
    const told = (head: TappedHead): TappedHead => withStatus(head, forwardStatus(why));
    new AnswerTap(exchange.res, 0, {
      onHead: told,
      onWhole: (head, body, send) => send(told(head), exchange.method === 'HEAD' ? undefined : body),
      onEnd: () => undefined,
      onLost: () => undefined,
    }).takeOver();
  }

  /** Keeps the answer that this exchange gets, where it may be kept, and lands its flight. */
  watch(exchange: Exchange, options: FillOptions): AnswerTap {
    const { key, generation, flight, why, validators, spare } = options;
    const { policy, parts } = this;
    const askedAt = Date.now();
    let answeredAt = askedAt;
    const keep = (head: TappedHead, body: Buffer): StoredAnswer | undefined => {
      const kept = keepAnswer(head, body, { exchange, policy, times: { askedAt, answeredAt }, generation });
      if (kept.kind === 'kept') {
        // Whoever waits began before the write that has voided it; whoever comes now is given nothing of it.
        if (options.isCurrent()) parts.store.set(key, kept.answer);
        flight?.land(kept);
        return kept.answer;
      }
      flight?.land(kept);
      return undefined;
    };
    /** True where what is stored went out in the stead of a failure. */
    const sendSpare = (status: number, send: SendAnswer): boolean => {
      if (spare === undefined || status < 500) return false;
      options.onSpared();
      const { notes } = exchange;
      // A handler's failure stays one, though its client does not see it.
      if (notes.servedBy === 'native') notes.candidateFault ??= notes.errorCode ?? 'INTERNAL';
      delete notes.errorCode;
      notes.servedBy = 'cache';
      notes.cache = 'error';
      const ttl = spare.freshS - ageOf(spare, Date.now());
      sendStored(exchange, spare, validators, hitStatus(ttl, 'stale-if-error'), send);
      return true;
    };
    const told = (head: TappedHead, isStored = false): TappedHead =>
      withStatus(
        { ...head, headers: head.status === 200 ? toldHeaders(head.headers, policy) : head.headers },
        forwardStatus(why, { isStored }),
      );
    return new AnswerTap(exchange.res, parts.store.maxEntryBytes, {
      onHead: (head, send) => {
        answeredAt = Date.now();
        if (sendSpare(head.status, send)) {
          flight?.land({ kind: 'failed' });
          return undefined;
        }
        // How fast it goes on is up to this client, for whom nobody else is to wait.
        flight?.land({ kind: 'refused' });
        return told(head);
      },
      onEnd: (head, body) => {
        if (body !== undefined) keep(head, body);
      },
      onWhole: (head, body, send) => {
        answeredAt = Date.now();
        const stored = keep(head, body);
        if (stored !== undefined) {
          const status = forwardStatus(why, { isStored: options.isCurrent() });
          sendStored(exchange, stored, validators, status, send);
        } else if (!sendSpare(head.status, send)) send(told(head), body);
      },
      onLost: () => flight?.land({ kind: 'left' }),
    }).takeOver();
  }
}

function withStatus(head: TappedHead, status: string): TappedHead {
  return { ...head, headers: [...head.headers, 'Cache-Status', status] };
}
