import { hashOf, isSameHash, type RefreshToken, successorOf } from './refresh-token.js';

/** Milliseconds for which a token that has been used still gets the very successor that it got, while nobody has used that. */
export const GRACE_MS = 15_000;

/** One sign-in: the chain of refresh tokens that came from it. Only hashes of them. */
export interface RefreshFamily {
  readonly subject: string;
  /** PHP's mark of the user's credentials when the chain began; another one ends it. */
  readonly credentials: string;
  /** Unix seconds. */
  readonly begunAt: number;
  /** Hash of the token that is good now. */
  readonly current: string;
  /** Of the token before it, from the first rotation on. */
  readonly previous?: { readonly hash: string; readonly nonce: string; readonly atMs: number };
}

/** What a token is worth in its family. */
export type Standing =
  | { readonly kind: 'current' }
  /** Used a moment ago, and its successor not yet: the answer may have been lost. */
  | { readonly kind: 'just-used'; readonly successor: RefreshToken }
  /** Used, or never given out: somebody has a token that he should not have. */
  | { readonly kind: 'reused' };

/** Weighs a token of the family. Pure. */
export function weigh(family: RefreshFamily, token: RefreshToken, key: Buffer, nowMs: number): Standing {
  const shown = hashOf(token);
  if (isSameHash(shown, family.current)) return { kind: 'current' };
  const { previous } = family;
  if (previous !== undefined && isSameHash(shown, previous.hash) && nowMs - previous.atMs < GRACE_MS) {
    const successor = successorOf(token, previous.nonce, key);
    if (isSameHash(hashOf(successor), family.current)) return { kind: 'just-used', successor };
  }
  return { kind: 'reused' };
}

/** The family as text for the shared state. */
export function printFamily(family: RefreshFamily): string {
  return JSON.stringify(family);
}

/** What `printFamily` wrote; undefined for anything else, which is then no family. */
export function parseFamily(text: string): RefreshFamily | undefined {
  try {
    const { subject, credentials, begunAt, current, previous } = JSON.parse(text) as Partial<RefreshFamily>;
    if (typeof subject !== 'string' || typeof credentials !== 'string' || typeof begunAt !== 'number') return undefined;
    if (typeof current !== 'string') return undefined;
    return { subject, credentials, begunAt, current, ...(previous === undefined ? {} : { previous }) };
  } catch {
    return undefined;
  }
}
