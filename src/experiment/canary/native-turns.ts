import { Inject, Injectable } from '@nestjs/common';
import { answerWithError, GatewayError } from '../../contract/index.js';
import { codeOfWord, type Exchange } from '../../trace/index.js';
import { type Answerer, callBack, openDetached } from '../mirror/index.js';
import { Strays } from '../strays/index.js';

/** In the timeline of a request: the handler has begun its answer. */
const ANSWER = codeOfWord('answer');
/** Handlers of one route that were given up and have not ended; more are not waited for. */
const MAX_LATE = 16;

/** How one request is handed to a native handler. */
export interface NativeTurn {
  /** Internal address of the handler, with the query. */
  readonly url: string;
  readonly body: unknown;
  /** Milliseconds until the handler begins its answer. */
  readonly timeoutMs: number;
  /** Lets PHP answer instead, where that may be; `fault` is for the log. */
  readonly standIn: ((fault: string) => Promise<void>) | undefined;
}

/**
 * Lets native handlers answer clients whom PHP could answer too. A handler gets a response of its own, whose bytes go on to the
 * client's as they come: one that is given up writes on to nowhere, whatever PHP says to the client meanwhile.
 */
@Injectable()
export class NativeTurns {
  private readonly late = new Map<string, number>();

  constructor(@Inject(Strays) private readonly strays: Strays) {}

  /** The same answerer; what it leaves uncaught is told of its route, and ends nothing. */
  guarded(route: string, answerer: Answerer): Answerer {
    return (exchange) => this.strays.watch(route, () => answerer(exchange));
  }

  /** Whether a route's handlers hold all the places there are for those that never end. */
  isFull(route: string): boolean {
    return this.lateOf(route) >= MAX_LATE;
  }

  /** Handlers that were given up and have not ended. */
  lateOf(route: string): number {
    return this.late.get(route) ?? 0;
  }

  /** Of each route that ever had one. */
  allLate(): Iterable<readonly [route: string, handlers: number]> {
    return this.late.entries();
  }

  take(exchange: Exchange, answerer: Answerer, { url, body, timeoutMs, standIn }: NativeTurn): void {
    const route = exchange.route?.name ?? '';
    const { res: real, notes, answerHeaders, timeline } = exchange;
    let state: 'waiting' | 'relaying' | 'given-up' = 'waiting';
    let holdsPlace = false;
    const isWanted = (): boolean => state !== 'given-up' && !real.destroyed;
    const end = (): void => {
      clearTimeout(timer);
      if (holdsPlace) this.count(route, -1);
      holdsPlace = false;
    };
    const inner = openDetached(
      exchange,
      { url, body },
      {
        onHead: (args) => {
          if (state === 'given-up') return;
          state = 'relaying';
          clearTimeout(timer);
          timeline.step(-ANSWER);
          if (real.destroyed) return;
          carryHead(inner, exchange);
          if (args === undefined) return;
          real.writeHead(...(args as [number]));
        },
        onWrite: (chunk, rest) => {
          if (isWanted()) return real.write(chunk, ...(rest as [BufferEncoding]));
          callBack(rest);
          return true;
        },
        onEnd: (chunk, rest) => {
          end();
          if (isWanted()) real.end(chunk, ...(rest as [BufferEncoding]));
          else callBack([chunk, ...rest]);
        },
        onCut: () => {
          end();
          if (!isWanted()) return;
          notes.errorCode ??= 'INTERNAL';
          real.destroy();
        },
      },
    );
    const timer = setTimeout(() => {
      if (state !== 'waiting') return;
      state = 'given-up';
      holdsPlace = true;
      this.count(route, 1);
      inner.standIn = undefined;
      // Handlers that look after their client stop working for one that has left.
      inner.req.destroy();
      inner.res.emit('close');
      if (real.destroyed) return;
      const refuse = (): void => answerWithError(exchange, new GatewayError('UPSTREAM_TIMEOUT'));
      if (standIn === undefined) {
        notes.candidateFault = 'TIMEOUT';
        refuse();
      } else standIn('TIMEOUT').catch(refuse);
    }, timeoutMs);
    timer.unref();
    Object.assign(inner, { notes, timeline });
    inner.answerHeaders.splice(0, inner.answerHeaders.length, ...answerHeaders);
    for (let i = 0; i < answerHeaders.length; i += 2)
      inner.res.setHeader(answerHeaders[i] ?? '', answerHeaders[i + 1] ?? '');
    real.on('drain', () => inner.res.emit('drain'));
    real.once('close', () => {
      if (state !== 'given-up') inner.res.emit('close');
    });
    if (standIn !== undefined) {
      const afterFault = (fault: string): Promise<void> => {
        // It has thrown: nothing more of it is to come, and nothing is taken.
        state = 'given-up';
        end();
        return standIn(fault);
      };
      inner.standIn = afterFault;
    }
    answerer(inner);
  }

  private count(route: string, change: 1 | -1): void {
    this.late.set(route, this.lateOf(route) + change);
  }
}

/** What the handler has set, on the client's answer; and that the connection ends, where that was settled meanwhile. */
function carryHead({ res }: Exchange, exchange: Exchange): void {
  const { res: real, answerHeaders } = exchange;
  real.statusCode = res.statusCode;
  if (res.statusMessage !== undefined) real.statusMessage = res.statusMessage;
  // As they were spelt; every outgoing message of Node has it, its types say so of requests alone.
  for (const name of (res as unknown as { getRawHeaderNames(): string[] }).getRawHeaderNames()) {
    const value = res.getHeader(name);
    if (value !== undefined) real.setHeader(name, value);
  }
  const at = answerHeaders.indexOf('Connection');
  if (at >= 0) real.setHeader('Connection', answerHeaders[at + 1] ?? 'close');
}
