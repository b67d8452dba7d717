import { createHash, randomBytes } from 'node:crypto';
import { Refusal } from './refusal.js';
import type { Fields } from './shape.js';

const KEPT = 10_000;

interface Kept {
  readonly expiresAt: number;
  readonly session: Fields;
}

/** A client secret as it was issued. */
export interface ClientSecret {
  readonly value: string;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/** The client secrets (`ek_…`) that this stand-in has issued: the last 10,000, by their hash. */
export class ClientSecrets {
  readonly #kept = new Map<string, Kept>();

  /** @param now milliseconds since 1970 */
  constructor(private readonly now: () => number = Date.now) {}

  /** @param session what the holder's session begins with, as it was asked for */
  issue(lifeS: number, session: Fields): ClientSecret {
    const value = `ek_${randomBytes(16).toString('hex')}`;
    const expiresAt = Math.floor(this.now() / 1000) + lifeS;
    this.#kept.set(hashOf(value), { expiresAt, session });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return { value, expiresAt };
  }

  /** The session that a secret opens; it may open several until it expires. */
  redeem(value: string): Fields | Refusal {
    const kept = this.#kept.get(hashOf(value));
    if (kept === undefined) return new Refusal('Incorrect API key provided.', 'invalid_api_key');
    if (kept.expiresAt * 1000 <= this.now()) return new Refusal('The client secret has expired.', 'invalid_api_key');
    return kept.session;
  }
}

function hashOf(value: string): string {
  return createHash('sha256').update(value).digest('base64');
}
