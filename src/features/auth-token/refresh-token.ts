import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Tells secret scanners what they have found. */
const PREFIX = 'dgr1_';
const HANDLE_BYTES = 16;
const SECRET_BYTES = 32;
const SHAPE = new RegExp(`^${PREFIX}[A-Za-z0-9_-]{${((HANDLE_BYTES + SECRET_BYTES) / 3) * 4}}$`);

/** A refresh token taken apart. Opaque to clients, and nothing of it is kept as it is. */
export interface RefreshToken {
  /** Which family it belongs to; in refresh tokens alone, so that who knows a session's id cannot make up one of its tokens. */
  readonly handle: Buffer;
  /** 256 bits. */
  readonly secret: Buffer;
}

/** The first token of a new family. */
export function newRefreshToken(): RefreshToken {
  return { handle: randomBytes(HANDLE_BYTES), secret: randomBytes(SECRET_BYTES) };
}

/**
 * The token that follows. It is made from its predecessor, so that the same one can be made again for a client to which the
 * first answer never came; who has not the predecessor, the nonce and the gateway's key cannot.
 */
export function successorOf({ handle, secret }: RefreshToken, nonce: string, key: Buffer): RefreshToken {
  return { handle, secret: createHmac('sha256', key).update(secret).update(nonce).digest() };
}

export function printRefreshToken({ handle, secret }: RefreshToken): string {
  return PREFIX + Buffer.concat([handle, secret]).toString('base64url');
}

/** Undefined for whatever has not the form of a refresh token. */
export function parseRefreshToken(text: string): RefreshToken | undefined {
  if (!SHAPE.test(text)) return undefined;
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url');
  return { handle: bytes.subarray(0, HANDLE_BYTES), secret: bytes.subarray(HANDLE_BYTES) };
}

/** The `sid` of a token's family: in its access tokens, in the shared state's keys, in logs. */
export function sessionIdOf({ handle }: RefreshToken): string {
  return hash('sha256', Buffer.concat([Buffer.from('refresh family\0'), handle]), 'base64url').slice(0, 22);
}

/** What is kept of a token. A secret of 256 random bits needs no slow hash. */
export function hashOf({ secret }: RefreshToken): string {
  return hash('sha256', secret, 'base64url');
}

/** Compares two hashes in constant time. */
export function isSameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}
