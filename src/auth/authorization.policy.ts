import { GatewayError } from '../contract/index.js';
import type { AuthorizationPolicy } from '../routing/index.js';
import type { Exchange } from '../trace/index.js';
import { type Identity, hasAnyRole } from './identity.js';
import type { JwtVerifier } from './jwt/jwt-verifier.js';
import { readCookie } from './php-cookie.js';
import type { PhpSessions } from './php-session.js';

/** Establishes the caller's identity: one of the ways that the route accepts, or none. At once for a token that is known. */
export function identify(
  exchange: Exchange,
  policy: AuthorizationPolicy,
  jwt: JwtVerifier,
  sessions: PhpSessions | undefined,
): GatewayError | undefined | Promise<GatewayError | undefined> {
  const { headers } = exchange.req;
  const bearer = policy.anyOf.includes('jwt') ? readBearer(headers.authorization) : undefined;
  if (bearer === undefined) return identifyBySession(exchange, policy, sessions);
  // A token that does not hold is refused, even if a session would do: the caller meant to be somebody.
  const identity = jwt.verify(bearer);
  if (identity instanceof Promise) return identity.then((settled) => take(exchange, settled), refusalOf);
  return take(exchange, identity);
}

function take(exchange: Exchange, identity: Identity | undefined): GatewayError | undefined {
  exchange.identity = identity;
  return identity === undefined ? unauthenticated(true) : undefined;
}

function identifyBySession(
  exchange: Exchange,
  policy: AuthorizationPolicy,
  sessions: PhpSessions | undefined,
): GatewayError | undefined | Promise<GatewayError | undefined> {
  const isAccepted = policy.anyOf.includes('php-session') && sessions !== undefined;
  const cookie = isAccepted ? readCookie(exchange.req.headers.cookie, sessions.cookieName) : undefined;
  if (!isAccepted || cookie === undefined || cookie === '') return nobody(policy);
  return sessions.identify(cookie, exchange.traceId).then((identity) => {
    exchange.identity = identity;
    return identity === undefined ? nobody(policy) : undefined;
  }, refusalOf);
}

function nobody({ optional }: AuthorizationPolicy): GatewayError | undefined {
  return optional ? undefined : unauthenticated(false);
}

/** Who could say is out of order: the caller is neither known nor unknown. */
function refusalOf(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  throw error;
}

/**
 * Whom the proof that a request came with belongs to by now; undefined once it has expired, was revoked, or its session has ended.
 * For answers that last. @throws when that cannot be told
 */
export async function identifyAgain(
  { req: { headers }, identity, traceId }: Exchange,
  jwt: Pick<JwtVerifier, 'verify'>,
  sessions: PhpSessions | undefined,
): Promise<Identity | undefined> {
  if (identity?.via === 'jwt') return jwt.verify(readBearer(headers.authorization) ?? '');
  const cookie = sessions === undefined ? undefined : readCookie(headers.cookie, sessions.cookieName);
  return cookie === undefined || cookie === '' ? undefined : sessions?.identify(cookie, traceId);
}

/** Demands the route's roles of the identity. */
export function authorize(identity: Identity | undefined, policy: AuthorizationPolicy): GatewayError | undefined {
  if (policy.anyOf.length === 0 && policy.roles.length === 0) return undefined;
  if (identity === undefined && policy.optional) return undefined;
  if (identity === undefined || !policy.anyOf.includes(identity.via)) return unauthenticated(false);
  return hasAnyRole(identity, policy.roles) ? undefined : new GatewayError('FORBIDDEN');
}

/** The token after `Bearer`, '' for a malformed one; undefined for another scheme, which is none of the gateway's. */
function readBearer(authorization: string | undefined): string | undefined {
  if (authorization === undefined || !/^bearer(?: |$)/i.test(authorization)) return undefined;
  return /^bearer +([^\s]+)$/i.exec(authorization)?.[1] ?? '';
}

/** RFC 9110, section 11.6.1; RFC 6750, section 3. */
function unauthenticated(badToken: boolean): GatewayError {
  return new GatewayError('UNAUTHENTICATED', {
    headers: { 'WWW-Authenticate': badToken ? 'Bearer realm="donna", error="invalid_token"' : 'Bearer realm="donna"' },
  });
}
