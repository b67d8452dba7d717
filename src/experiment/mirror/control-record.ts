import type { ServerResponse } from 'node:http';
import type { Answer } from '../compare/answer.js';
import { AnswerRecord, type HeadArguments } from './answer-record.js';

type Call = (...args: unknown[]) => unknown;

/**
 * Listens to an answer on its way to the client and changes nothing of it. Resolves when it is out; undefined when the
 * client left or the answer was cut.
 */
export function recordControl(res: ServerResponse, maxBytes: number, startedAt: number): Promise<Answer | undefined> {
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
    res.once('close', () => resolve(res.writableFinished ? record.toAnswer(performance.now() - startedAt) : undefined));
  });
}
