import { timingSafeEqual } from 'node:crypto';
import { GatewayError } from '../contract/index.js';
import type { Exchange } from '../trace/index.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Demands of a write that a cookie authenticated the proof that this site's own page made it: an Origin (its own or a
 * listed one; what `*` lets in proves nothing), `Sec-Fetch-Site: same-origin`, or the session's CSRF token.
 */
export function checkCsrf(exchange: Exchange, originWasChecked: boolean): GatewayError | undefined {
  const { identity, req } = exchange;
  if (identity?.via !== 'php-session' || SAFE_METHODS.has(exchange.method)) return undefined;
  if ((originWasChecked && exchange.isFromTrustedOrigin) || req.headers['sec-fetch-site'] === 'same-origin')
    return undefined;
  const sent = req.headers['x-csrf-token'];
  if (typeof sent === 'string' && identity.csrfToken !== undefined && isSame(sent, identity.csrfToken))
    return undefined;
  return new GatewayError('CSRF_FAILED');
}

function isSame(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}
