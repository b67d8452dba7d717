import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { StoredAnswer } from './stored-answer.js';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const LENGTH_BYTES = 4;
const VERSION = 1;

/** Closes and opens what is kept outside of this process: nobody reads it there, and what somebody else wrote is not taken. */
export class AnswerSeal {
  private readonly key: Buffer;

  /** `secret` is the same in all instances. */
  constructor(secret: string) {
    this.key = Buffer.from(hkdfSync('sha256', secret, '', 'donna response cache', 32));
  }

  /** Bound to the key under which it is kept: it is worth nothing under another one. */
  close(key: string, { before, after, ...facts }: StoredAnswer): Buffer {
    const head = Buffer.from(
      JSON.stringify({ ...facts, version: VERSION, split: before.byteLength, hasTrace: after !== undefined }),
    );
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(head.byteLength);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(key));
    const parts = [length, head, before, ...(after === undefined ? [] : [after])].map((part) => cipher.update(part));
    return Buffer.concat([nonce, ...parts, cipher.final(), cipher.getAuthTag()]);
  }

  /** Undefined for what was not closed by this secret under this key, or by another release. */
  open(key: string, sealed: Buffer): StoredAnswer | undefined {
    try {
      const nonce = sealed.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv(ALGORITHM, this.key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(key))
        .setAuthTag(sealed.subarray(-TAG_BYTES));
      const bytes = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
      const start = LENGTH_BYTES + bytes.readUInt32BE();
      const { version, split, hasTrace, ...facts } = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, start)) as Omit<
        StoredAnswer,
        'before' | 'after'
      > & { readonly version: number; readonly split: number; readonly hasTrace: boolean };
      if (version !== VERSION) return undefined;
      const before = bytes.subarray(start, start + split);
      return {
        ...facts,
        modifiedAt: facts.modifiedAt,
        before,
        after: hasTrace ? bytes.subarray(start + split) : undefined,
      };
    } catch {
      return undefined;
    }
  }
}
