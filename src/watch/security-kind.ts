import type { EndedRequest } from '../metrics/index.js';
import type { Route } from '../routing/index.js';

/** What was refused, as somebody who watches for attacks tells it apart. */
export const SECURITY_KINDS = [
  'rate-limited',
  'origin-denied',
  'csrf-failed',
  'unauthenticated',
  'forbidden',
  'login-failed',
  'signature-failed',
  'secret-stopped',
  'bad-request',
] as const;

export type SecurityKind = (typeof SECURITY_KINDS)[number];

/** Undefined for what went well, or failed for other reasons. PHP's own refusals count by their status. */
export function securityKindOf({
  exchange: { notes, route, hasSecretStopped },
  status,
}: EndedRequest): SecurityKind | undefined {
  if (hasSecretStopped) return 'secret-stopped';
  if (status < 400 || status >= 500) return undefined;
  switch (notes.errorCode) {
    case 'RATE_LIMITED':
      return 'rate-limited';
    case 'ORIGIN_DENIED':
      return 'origin-denied';
    case 'CSRF_FAILED':
      return 'csrf-failed';
    case 'FORBIDDEN':
      return 'forbidden';
    case 'UNAUTHENTICATED':
      return unauthenticated(route);
    case 'BAD_REQUEST':
    case 'PAYLOAD_TOO_LARGE':
    case 'URI_TOO_LONG':
    case 'HEADERS_TOO_LARGE':
    case 'UNSUPPORTED_MEDIA_TYPE':
      return 'bad-request';
    case undefined:
      return kindOfStatus(status, route);
    default:
      return undefined;
  }
}

function kindOfStatus(status: number, route: Route | undefined): SecurityKind | undefined {
  switch (status) {
    case 401:
      return unauthenticated(route);
    case 403:
      return 'forbidden';
    case 429:
      return 'rate-limited';
    case 400:
      return 'bad-request';
    default:
      return undefined;
  }
}

function unauthenticated(route: Route | undefined): SecurityKind {
  if (route?.policies.signature !== undefined) return 'signature-failed';
  return route !== undefined && isSignIn(route) ? 'login-failed' : 'unauthenticated';
}

/** Attempts on an account are counted by it. */
function isSignIn({ handler, policies }: Route): boolean {
  return handler === 'auth.token' || policies.rateLimit.some(({ per }) => per === 'field');
}
