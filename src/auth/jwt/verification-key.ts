import { hash } from 'node:crypto';
import { type CryptoKey, importJWK } from 'jose';

/** A key with the only algorithms that it may verify: a token does not choose (RFC 8725, section 3.1). */
export interface VerificationKey {
  /** Two keys with the same id are the same in everything that counts. */
  readonly id: string;
  readonly kid: string | undefined;
  readonly algorithms: readonly string[];
  readonly key: CryptoKey;
}

const RSA_BITS = { min: 2048, max: 8192 } as const;
const MAX_KID_CHARACTERS = 256;
const MAX_MEMBER_CHARACTERS = 2048;

const RSA_ALGORITHMS = new Set(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']);
const CURVES: ReadonlyMap<string, { readonly kty: string; readonly algorithms: readonly string[] }> = new Map([
  ['P-256', { kty: 'EC', algorithms: ['ES256'] }],
  ['P-384', { kty: 'EC', algorithms: ['ES384'] }],
  ['P-521', { kty: 'EC', algorithms: ['ES512'] }],
  // One algorithm with an old and a new name (RFC 9864, section 2.2).
  ['Ed25519', { kty: 'OKP', algorithms: ['EdDSA', 'Ed25519'] }],
]);

/** Every algorithm that a key of a JWKS can verify. */
export const ASYMMETRIC_ALGORITHMS: ReadonlySet<string> = new Set([
  ...RSA_ALGORITHMS,
  ...[...CURVES.values()].flatMap(({ algorithms }) => algorithms),
]);

/** Makes the HS256 key of a secret. */
export async function readSecret(secret: string): Promise<VerificationKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', Buffer.from(secret), algorithm, false, ['verify']);
  return { id: 'secret', kid: undefined, algorithms: ['HS256'], key };
}

/**
 * Reads one key of a JWKS (RFC 7517, section 4), of its public members alone.
 * @throws Error that says why it is of no use here; safe to log
 */
export async function readJwk(jwk: unknown): Promise<VerificationKey> {
  if (typeof jwk !== 'object' || jwk === null) throw new Error('a key that is no object');
  const { kty, kid, use, key_ops: operations, crv, n, e, x, y, ...others } = jwk as Record<string, unknown>;
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > MAX_KID_CHARACTERS)) {
    throw new Error('a kid that is no text of at most 256 characters');
  }
  if (kty === 'oct') throw new Error('a symmetric key');
  if ('d' in others || 'priv' in others) throw new Error('a private key: whoever reads it can sign');
  if (use !== undefined && use !== 'sig') throw new Error('a key that is not for signatures (use)');
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    throw new Error('a key that is not for verification (key_ops)');
  }
  const algorithms = algorithmsOf(kty, crv, others['alg']);
  if ([n, e, x, y].some((member) => typeof member === 'string' && member.length > MAX_MEMBER_CHARACTERS)) {
    throw new Error('a key that is too large');
  }
  const members = Object.fromEntries(
    Object.entries({ kty, crv, n, e, x, y }).filter(([, value]) => value !== undefined),
  );
  const key = await importPublic(members, algorithms[0] ?? '');
  const id = hash('sha256', JSON.stringify([kid, algorithms, members]), 'base64url');
  return { id, kid: kid === '' ? undefined : kid, algorithms, key };
}

/** The algorithms that a key is for: the one it names where that fits its type, else what follows from type and curve. */
function algorithmsOf(kty: unknown, crv: unknown, alg: unknown): readonly string[] {
  if (kty === 'RSA') {
    // RS256 is what RSA keys without `alg` are for in practice: Entra ID publishes such.
    const named = alg ?? 'RS256';
    if (typeof named === 'string' && RSA_ALGORITHMS.has(named)) return [named];
  }
  const curve = typeof crv === 'string' ? CURVES.get(crv) : undefined;
  if (curve !== undefined && curve.kty === kty && (alg === undefined || curve.algorithms.includes(String(alg)))) {
    return curve.algorithms;
  }
  throw new Error('a key of a type, curve or algorithm that is not accepted');
}

async function importPublic(members: Record<string, unknown>, algorithm: string): Promise<CryptoKey> {
  let key: CryptoKey | Uint8Array;
  try {
    key = await importJWK(members, algorithm);
  } catch {
    throw new Error('a key that is malformed');
  }
  if (key instanceof Uint8Array) throw new Error('a symmetric key');
  const { modulusLength } = key.algorithm as { readonly modulusLength?: number };
  if (modulusLength !== undefined && (modulusLength < RSA_BITS.min || modulusLength > RSA_BITS.max)) {
    throw new Error('an RSA key of less than 2048 or more than 8192 bits');
  }
  return key;
}
