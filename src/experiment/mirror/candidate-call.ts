import type { IncomingMessage, ServerResponse } from 'node:http';
import { besides, type Branch, codeOfWord, endBranch, type Exchange } from '../../trace/index.js';
import type { Answer, CandidateFailure } from '../compare/answer.js';
import { AnswerRecord } from './answer-record.js';
import { callBack, openDetached } from './detached-exchange.js';

/** Hands a request to Nest's router. */
export type NativeRouter = (req: IncomingMessage, res: ServerResponse) => void;
/** Lets somebody answer an exchange: the native handler, or PHP a second time. */
export type Answerer = (exchange: Exchange) => void;

/** The handler in its own timeline. */
const NATIVE = codeOfWord('native');

export interface CandidateCall {
  /** Internal address of the native handler, with the query. */
  readonly url: string;
  readonly body: unknown;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** What it is in the timeline of the request: the native handler, unless it says otherwise. */
  readonly kind?: Branch['kind'];
}

/**
 * Has answered what a client asked once more, with the same identity, without a socket: the answer is kept, up to `maxBytes`,
 * and goes nowhere. Never rejects. `onEnded` hears when whoever answers is really done, which may be long after it was given
 * up, or never.
 */
export function callCandidate(
  original: Exchange,
  answerer: Answerer,
  { url, body, timeoutMs, maxBytes, kind = 'candidate' }: CandidateCall,
  onEnded: () => void,
): Promise<Answer | CandidateFailure> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const elapsed = (): number => performance.now() - startedAt;
    let isEnded = false;
    const end = (outcome: Answer | CandidateFailure): void => {
      // A router that throws after its handler has answered must not free a second place.
      if (isEnded) return;
      isEnded = true;
      clearTimeout(timer);
      if (branch !== undefined) endBranch(branch, 'status' in outcome ? outcome.status : undefined);
      resolve(outcome);
      onEnded();
    };
    const exchange = openDetached(
      original,
      { url, body },
      {
        onHead: (args) => args !== undefined && record.head(args),
        onWrite: (chunk, rest) => {
          record.push(chunk, rest[0]);
          callBack(rest);
          return true;
        },
        onEnd: (chunk, rest) => {
          record.push(chunk, rest[0]);
          callBack([chunk, ...rest]);
          end(record.toAnswer(elapsed()));
        },
        onCut: () => end({ failure: 'threw', message: 'the answer was cut off', ms: elapsed() }),
      },
    );
    const branch = original.timeline.branch(kind);
    const { req, res } = exchange;
    const record = new AnswerRecord(res, maxBytes);
    const timer = setTimeout(() => {
      resolve({ failure: 'timeout', message: `no answer within ${timeoutMs} ms`, ms: elapsed() });
      // Handlers that look after their client stop working for one that has left.
      req.destroy();
      res.emit('close');
    }, timeoutMs);
    timer.unref();
    try {
      if (branch === undefined) answerer(exchange);
      else {
        exchange.timeline = branch.timeline;
        if (kind === 'candidate') branch.timeline.step(NATIVE);
        besides(branch.timeline, () => answerer(exchange));
      }
    } catch {
      end({ failure: 'threw', message: 'the router threw', ms: elapsed() });
    }
  });
}
