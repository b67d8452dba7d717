import { hash, hkdfSync } from 'node:crypto';

/** Separates this key from whatever else is derived from the same secret. A new name makes new pseudonyms. */
const PURPOSE = 'donna log pseudonyms v1';
/** Letters only: no search for numbers, addresses or tokens takes a pseudonym for one. */
const LETTERS = 'abcdefghijklmnop';
const PSEUDONYM = /^h:[a-p]{16}$/;
const NUMBER = /^\+?[\p{Nd} \u00a0\u2000-\u200a\u2010-\u2015\u202f\u2212()./-]{7,64}$/u;

/**
 * Keyed pseudonyms for persons in logs: `h:` and 64 bits of HMAC-SHA-256 in letters. The same value has the same one in each line, instance
 * and in PHP (`legacy-php/lib/Privacy/Pseudonyms.php`); who has not the key cannot try values. Key: HKDF-SHA-256 (RFC 5869).
 */
export class Pseudonyms {
  private readonly inner: Buffer;
  private readonly outer: Buffer;

  private constructor(key: Buffer) {
    const block = Buffer.concat([key, Buffer.alloc(64 - key.length)]);
    this.inner = block.map((byte) => byte ^ 0x36) as Buffer;
    this.outer = block.map((byte) => byte ^ 0x5c) as Buffer;
  }

  /** Derives the key from a secret of the gateway. */
  static from(secret: string): Pseudonyms {
    return new Pseudonyms(Buffer.from(hkdfSync('sha256', secret, '', PURPOSE, 32)));
  }

  /** The pseudonym of an e-mail address, number, name or id; a pseudonym stays what it is. */
  of(value: string): string {
    if (PSEUDONYM.test(value)) return value;
    // HMAC (RFC 2104) by one-shot hashes: an Hmac object costs ten times as much.
    const within = hash('sha256', Buffer.concat([this.inner, Buffer.from(canonical(value))]), 'buffer');
    const digest = hash('sha256', Buffer.concat([this.outer, within]), 'buffer');
    let letters = '';
    for (const byte of digest.subarray(0, 8)) letters += `${LETTERS[byte >> 4]}${LETTERS[byte & 15]}`;
    return `h:${letters}`;
  }
}

/** Spellings of one value are one: case (ASCII alone, as PHP without mbstring can), spaces around, how a number is grouped. */
function canonical(value: string): string {
  const trimmed = value.replace(/^[ \t\r\n]+|[ \t\r\n.]+$/g, '');
  if (NUMBER.test(trimmed))
    return trimmed.replace(/[ \u00a0\u2000-\u200a\u2010-\u2015\u202f\u2212()./-]/g, '').replace(/^00/, '+');
  return trimmed.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
