import type { ServerResponse } from 'node:http';
import type { Answer } from '../compare/answer.js';
import { AnswerRecord, type HeadArguments } from './answer-record.js';

type Call = (...args: unknown[]) => unknown;

/** Milliseconds that an answer is listened to, unless its route says otherwise. */
const WITHIN_MS = 60_000;

/**
 * Listens to an answer on its way to the client and changes nothing of it. Resolves when it is out; undefined when the
 * client left, the answer was cut, or it goes on for longer than `withinMs`: a stream, or a client that reads slowly, must
 * not hold a place of the mirror for hours.
 */
export function recordControl(
  res: ServerResponse,
  maxBytes: number,
  startedAt: number,
  withinMs = WITHIN_MS,
): Promise<Answer | undefined> {
  const record = new AnswerRecord(res, maxBytes);
  const [writeHead, write, end] = (['writeHead', 'write', 'end'] as const).map((name) => (res[name] as Call).bind(res));
  Object.assign(res, {
    writeHead: (...args: [number, ...unknown[]]) => {
      record.head(args satisfies HeadArguments);
      return writeHead?.(...args);
    },
    write: (...args: unknown[]) => {
      record.push(args[0], args[1]);
      return write?.(...args);
    },
    end: (...args: unknown[]) => {
      record.push(args[0], args[1]);
      return end?.(...args);
    },
  });
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      record.drop();
      resolve(undefined);
    }, withinMs);
    timer.unref();
    res.once('close', () => {
      clearTimeout(timer);
      resolve(res.writableFinished ? record.toAnswer(performance.now() - startedAt) : undefined);
    });
  });
}
