import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Exchange } from '../trace/index.js';
import { IDENTITY_HEADER } from './identity-assertion.js';

const MAX_BYTES = 8192;
/** Seconds by which clocks may differ. */
const LEEWAY_S = 5;
/** Seconds of life that a call may claim. */
const MAX_LIFE_S = 60;

/**
 * Verifies that a request is a signed internal call: `X-Gateway-Identity` with `via: internal`, made with the identity's
 * secret for this method, this path and these bytes of the body (`bd`), within the last minute. The body must be read.
 * @returns a name for this one call, the same when it is sent again; undefined when it is none that holds
 */
export function readInternalCall(
  exchange: Exchange,
  secret: string,
  nowS = Math.floor(Date.now() / 1000),
): string | undefined {
  const token = exchange.req.headers[IDENTITY_HEADER.toLowerCase()];
  if (typeof token !== 'string' || token.length > MAX_BYTES) return undefined;
  const [head = '', payload = '', signature = '', ...more] = token.split('.');
  if (more.length > 0) return undefined;
  const expected = createHmac('sha256', secret).update(`${head}.${payload}`).digest('base64url');
  if (!isSame(signature, expected)) return undefined;
  const [header, claims] = [parse(head), parse(payload)];
  const { iat, exp } = claims;
  const digest = createHash('sha256')
    .update(exchange.body ?? '')
    .digest('base64url');
  const isMeant =
    header['alg'] === 'HS256' &&
    header['typ'] === 'gateway-identity+jwt' &&
    !Object.hasOwn(header, 'crit') &&
    claims['iss'] === 'donna-gateway' &&
    claims['via'] === 'internal' &&
    claims['htm'] === exchange.method &&
    claims['htu'] === exchange.path &&
    claims['bd'] === digest;
  const isTimely =
    typeof iat === 'number' &&
    typeof exp === 'number' &&
    iat <= nowS + LEEWAY_S &&
    exp > nowS - LEEWAY_S &&
    exp - iat <= MAX_LIFE_S;
  return isMeant && isTimely ? expected : undefined;
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
