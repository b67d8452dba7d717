import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Identity } from '../auth/index.js';
import type { ClientAddress } from '../edge/index.js';
import type { Route } from '../routing/index.js';
import { Timeline } from './timeline.js';
import type { TraceContext } from './trace-context.js';

/** What the access log tells of a request beside its status and timing. */
export interface ExchangeNotes {
  /** Who produced the answer: the gateway's pipeline, a native handler, an upstream target or the response cache. */
  servedBy?: 'gateway' | 'native' | 'upstream' | 'cache';
  /** What the response cache did, on a route that has one. */
  cache?: 'hit' | 'stale' | 'error' | 'miss' | 'coalesced' | 'bypass';
  errorCode?: string;
  /** Who was chosen to answer a canary: PHP (`control`) or the native handler (`candidate`). */
  arm?: 'control' | 'candidate';
  /** Who was chosen to answer by an administrator, whatever the route's stage; and that administrator's subject. */
  chosenArm?: 'native' | 'php';
  chosenBy?: string;
  /** The native handler failed with this before it answered, and PHP answered in its stead. */
  candidateFault?: string;
  /** Why the upstream call failed, safe to log: never a URL, a body or a host name. */
  upstreamFault?: string;
  /** Milliseconds from handing the request to the upstream to its first answer byte. */
  upstreamMs?: number;
  attempts?: number;
}

/**
 * One request and its answer on their way through the pipeline: what has been established so far.
 * Each step reads what earlier steps put here; nothing of a request is kept anywhere else.
 */
export class Exchange {
  readonly startedAt = performance.now();
  readonly notes: ExchangeNotes = {};
  /** What happened on its way, and when. */
  timeline = new Timeline(this.startedAt);

  /** Raw path without the query, as the client spelt it and as PHP will see it. */
  path = '/';
  /** Raw query with its `?`, or ''. */
  search = '';
  /** Public authority (`host[:port]`) under which the client spoke. */
  authority = '';
  client: ClientAddress = { address: '', protocol: 'http' };
  route: Route | undefined;
  /** The request's Origin is the gateway's own or listed by name: what a cookie authenticates was meant by its user. */
  isFromTrustedOrigin = false;
  identity: Identity | undefined;
  /** The request's body, read only where a policy had to see it. The original bytes. */
  body: Buffer | undefined;
  /** The route's signature policy has verified who wrote the body: PHP is told so in the signed identity. */
  isSignatureVerified = false;
  /** The gateway asks once more, for itself, what a client has asked: PHP does not count it against the client's limits. */
  isAgain = false;
  /** Whether a mirror compares it, once that is settled: such a request passes the response cache. */
  isMirrored: boolean | undefined;
  /** Who of a canary answers it, once that is settled: what it brings is kept as that one's. */
  settledArm: 'control' | 'candidate' | undefined;
  /** The write is tried beside PHP: PHP is asked, signed, to keep for a moment what it is about to overwrite, under this name. */
  keepAs: string | undefined;
  /** Gateway headers of the answer: name, value, name, value, … */
  readonly answerHeaders: string[] = [];
  /** True once every policy was passed: a controller reached without it is refused. */
  admitted = false;
  /** The answer is a stream that lasts as long as its client listens: its time is no latency. */
  isStream = false;
  /** An answer was stopped for the secret in it. */
  hasSecretStopped = false;
  /** Answers in the stead of a native handler that failed, where that may be; undefined where it may not. */
  standIn: ((fault: string) => Promise<void>) | undefined;
  /** The client waits for `100 Continue` before it sends the body (RFC 9110, section 10.1.1). */
  expectsContinue = false;

  /** Its place among the requests under way; -1 where it is none of them. */
  openAt = -1;

  constructor(
    readonly req: IncomingMessage,
    readonly res: ServerResponse,
    readonly trace: TraceContext,
  ) {
    this.answerHeaders.push('X-Trace-Id', trace.traceId);
  }

  get method(): string {
    return this.req.method ?? 'GET';
  }

  get traceId(): string {
    return this.trace.traceId;
  }

  /** Adds a header of the gateway's own to whatever answer will be sent. */
  setAnswerHeader(name: string, value: string): void {
    const { answerHeaders } = this;
    for (let i = 0; i < answerHeaders.length; i += 2) {
      if (isSameName(answerHeaders[i] ?? '', name)) {
        answerHeaders[i + 1] = value;
        return;
      }
    }
    answerHeaders.push(name, value);
  }

  /** Invites the client to send its body, where it waits for that; to be called right before the body is read. */
  inviteBody(): void {
    if (!this.expectsContinue) return;
    this.expectsContinue = false;
    this.res.writeContinue();
  }
}

const EXCHANGE = Symbol('exchange');

type Carrier = IncomingMessage & { [EXCHANGE]?: Exchange };

/** Binds the exchange to its request, so that a Nest controller, guard or filter finds it. */
export function attachExchange(exchange: Exchange): void {
  (exchange.req as Carrier)[EXCHANGE] = exchange;
}

/** The exchange of a request, or undefined when the request did not come through the pipeline. */
export function exchangeOf(req: IncomingMessage): Exchange | undefined {
  return (req as Carrier)[EXCHANGE];
}

/** Field names by RFC 9110, section 5.1. Most that are asked about differ in length already. */
function isSameName(one: string, other: string): boolean {
  return one.length === other.length && (one === other || one.toLowerCase() === other.toLowerCase());
}
