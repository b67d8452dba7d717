import { type IncomingMessage } from 'node:http';

/** Why a body was not read: it is longer than the bound, or its sender went away. */
export type BodyFault = 'too-large' | 'aborted';

/** Reads a whole request body; undefined when there is none. Stops reading at the bound. */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
): Promise<{ body: Uint8Array<ArrayBuffer> | undefined } | { fault: BodyFault }> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return { fault: 'too-large' };
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += piece.byteLength;
      if (size > maxBytes) return { fault: 'too-large' };
      pieces.push(piece);
    }
  } catch {
    return { fault: 'aborted' };
  }
  if (size === 0) return { body: undefined };
  const body = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    body.set(piece, at);
    at += piece.byteLength;
  }
  return { body };
}
