import { createHmac, generateKeyPairSync, type KeyObject, sign, constants } from 'node:crypto';

/** How node:crypto, which is not what the gateway verifies with, makes the signatures of each algorithm (RFC 7518, RFC 8037). */
const ALGORITHMS = {
  RS256: { type: 'rsa', digest: 'sha256' },
  RS384: { type: 'rsa', digest: 'sha384' },
  RS512: { type: 'rsa', digest: 'sha512' },
  PS256: { type: 'rsa', digest: 'sha256', saltLength: 32 },
  PS384: { type: 'rsa', digest: 'sha384', saltLength: 48 },
  PS512: { type: 'rsa', digest: 'sha512', saltLength: 64 },
  ES256: { type: 'ec', digest: 'sha256', curve: 'P-256' },
  ES384: { type: 'ec', digest: 'sha384', curve: 'P-384' },
  ES512: { type: 'ec', digest: 'sha512', curve: 'P-521' },
  EdDSA: { type: 'ed25519', digest: null },
  Ed25519: { type: 'ed25519', digest: null },
} as const;

export type SigningAlgorithm = keyof typeof ALGORITHMS;
export const SIGNING_ALGORITHMS = Object.keys(ALGORITHMS) as readonly SigningAlgorithm[];

export interface TokenSigner {
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  /** The public key as a JWKS publishes it, with `kid`, `alg` and `use`. */
  readonly jwk: Readonly<Record<string, unknown>>;
  /** A compact JWS; `header` is merged over `alg`, `typ` and `kid`. */
  sign(claims: object, header?: object): string;
}

/** Makes a key pair and signs with it, as an identity provider does. */
export function makeSigner(alg: SigningAlgorithm, kid: string, rsaBits = 2048): TokenSigner {
  const settings = ALGORITHMS[alg];
  const { publicKey, privateKey } = makePair(settings, rsaBits);
  return {
    kid,
    publicKey,
    privateKey,
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' },
    sign: (claims, header = {}) =>
      compact({ alg, typ: 'JWT', kid, ...header }, claims, (input) => signBytes(alg, privateKey, input)),
  };
}

/** Signs bytes by an algorithm, whatever a header says. */
export function signBytes(alg: SigningAlgorithm, key: KeyObject, input: string): Buffer {
  const settings = ALGORITHMS[alg];
  if (settings.type === 'ec') return sign(settings.digest, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  if (!('saltLength' in settings)) return sign(settings.digest, Buffer.from(input), key);
  const { saltLength } = settings;
  return sign(settings.digest, Buffer.from(input), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}

/** A compact JWS of any header and claims (JSON text is taken as it is), with whatever signature. */
export function compact(
  header: object | string,
  claims: object | string,
  sign: (input: string) => Buffer | string,
): string {
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = sign(input);
  return `${input}.${typeof signature === 'string' ? signature : signature.toString('base64url')}`;
}

/** A signer for `compact`: HMAC with a secret of any shape. */
export function hmac(secret: string | Buffer, digest = 'sha256'): (input: string) => Buffer {
  return (input) => createHmac(digest, secret).update(input).digest();
}

function encode(part: object | string): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
}

function makePair(
  settings: (typeof ALGORITHMS)[SigningAlgorithm],
  rsaBits: number,
): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (settings.type) {
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: rsaBits });
    case 'ec':
      return generateKeyPairSync('ec', { namedCurve: settings.curve });
    case 'ed25519':
      return generateKeyPairSync('ed25519');
  }
}
