import { createHash } from 'node:crypto';

const MARK_EVERY = 4096;

/** Bytes that only this nonce has, and that differ from place to place: a part that is missing, doubled, moved or another's shows. */
export function bodyOf(nonce, bytes) {
  const body = Buffer.alloc(bytes, `${nonce}.`);
  for (let at = 0; at + 8 <= bytes; at += MARK_EVERY)
    body.write(String(at / MARK_EVERY).padStart(8, '0'), at, 'latin1');
  return body;
}

export const digestOf = (body) => createHash('sha256').update(body).digest('hex');
