import type { Exchange } from '../../trace/index.js';
import type { Answer } from '../compare/answer.js';
import { recordControl } from '../mirror/control-record.js';

/** Bytes of a request's body that are kept. */
const MAX_BODY_BYTES = 65_536;
/** And of an answer's. */
const MAX_ANSWER_BYTES = 131_072;

export interface TappedExchange {
  readonly answer: Answer;
  /** `body` is absent where it was longer than is kept. */
  readonly body: { readonly body?: Buffer; readonly length: number };
}

/**
 * Listens to a request's body and its answer as they pass, and changes nothing of them; to be called before anything is read.
 * Resolves when the answer is out; undefined when the client left or it was cut.
 */
export function tapExchange({ req, res }: Exchange): Promise<TappedExchange | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Where the parser hands over what it read: a listener on `data` would make the body flow before its reader is there.
  const push = req.push.bind(req);
  req.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (Buffer.isBuffer(chunk)) {
      length += chunk.byteLength;
      if (length <= MAX_BODY_BYTES) chunks.push(Buffer.from(chunk));
      else chunks.length = 0;
    }
    return push(chunk, encoding);
  };
  return recordControl(res, MAX_ANSWER_BYTES, performance.now()).then((answer) => {
    if (answer === undefined) return undefined;
    return { answer, body: length <= MAX_BODY_BYTES ? { body: Buffer.concat(chunks), length } : { length } };
  });
}
