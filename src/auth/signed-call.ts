import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Exchange } from '../trace/index.js';

const MAX_BYTES = 8192;
/** Seconds by which clocks may differ. */
const LEEWAY_S = 5;
/** Seconds of life that a call may claim. */
const MAX_LIFE_S = 60;

/** Who signs for whom: a call of one kind never passes for one of another. */
export interface CallKind {
  /** In small letters. */
  readonly header: string;
  readonly typ: string;
  /** Claims that must be exactly these. */
  readonly claims: Readonly<Record<string, string>>;
}

export interface SignedCall {
  /** A name for this one call, the same when it is sent again. */
  readonly id: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Verifies a call that was signed (compact JWS, RFC 7515, HS256) for this method, this path and these bytes of the body (`bd`), within the
 * last minute. The body must have been read.
 * @returns undefined when it is none that holds
 */
export function readSignedCall(
  { req, method, path, body }: Exchange,
  secret: string,
  kind: CallKind,
  nowS = Math.floor(Date.now() / 1000),
): SignedCall | undefined {
  const token = req.headers[kind.header];
  if (typeof token !== 'string' || token.length > MAX_BYTES) return undefined;
  const [head = '', payload = '', signature = '', ...more] = token.split('.');
  if (more.length > 0) return undefined;
  const expected = createHmac('sha256', secret).update(`${head}.${payload}`).digest('base64url');
  if (!isSame(signature, expected)) return undefined;
  const [header, claims] = [parse(head), parse(payload)];
  const { iat, exp } = claims;
  const digest = createHash('sha256')
    .update(body ?? '')
    .digest('base64url');
  const isMeant =
    header['alg'] === 'HS256' &&
    header['typ'] === kind.typ &&
    !Object.hasOwn(header, 'crit') &&
    Object.entries(kind.claims).every(([name, value]) => claims[name] === value) &&
    claims['htm'] === method &&
    claims['htu'] === path &&
    claims['bd'] === digest;
  const isTimely =
    typeof iat === 'number' &&
    typeof exp === 'number' &&
    iat <= nowS + LEEWAY_S &&
    exp > nowS - LEEWAY_S &&
    exp - iat <= MAX_LIFE_S;
  return isMeant && isTimely ? { id: expected, claims } : undefined;
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

function parse(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : {};
  } catch {
    return {};
  }
}
