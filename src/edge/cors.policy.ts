import { discardBody, GatewayError } from '../contract/index.js';
import type { Exchange } from '../trace/index.js';
import { type AllowedOrigins, type OriginGrant, ownOrigin } from './allowed-origins.js';

const ALLOWED_HEADERS = [
  'Accept',
  'Authorization',
  'Cache-Control',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-Modified-Since',
  'If-None-Match',
  'Range',
  'X-CSRF-Token',
  'X-Requested-With',
  'X-Trace-Id',
  'traceparent',
  'tracestate',
].join(', ');
const EXPOSED_HEADERS = [
  'Content-Disposition',
  'ETag',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-Trace-Id',
].join(', ');
const PREFLIGHT_VARY = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';
/** Seconds for which a browser may remember what a preflight said; more than Chromium's 7,200 would be cut. */
const PREFLIGHT_AGE_S = 600;
const UNLISTED = new GatewayError('ORIGIN_DENIED', {
  error: 'A WebSocket with cookies needs its origin named in ALLOWED_ORIGINS: "*" and "null" do not say who asks.',
});

/**
 * Checks a browser's Origin against the exact allow-list, before anything reaches PHP. The gateway's own origin is always
 * allowed; a request without Origin passes (RFC 6454, section 7.3). What is allowed gets its CORS fields (Fetch, section 3.3).
 */
export function checkOrigin(exchange: Exchange, allowed: AllowedOrigins): GatewayError | undefined {
  const { origin, cookie, upgrade } = exchange.req.headers;
  exchange.setAnswerHeader('Vary', 'Origin');
  if (origin === undefined) return undefined;
  const grant = grantOf(exchange, origin, allowed);
  if (grant === undefined) return new GatewayError('ORIGIN_DENIED');
  // CORS does not keep another site's script from reading a WebSocket: cookies would speak for whoever opened it.
  if (grant === 'anyone' && upgrade !== undefined && cookie !== undefined) return UNLISTED;
  exchange.isFromTrustedOrigin = grant !== 'anyone';
  writeGrant(exchange, origin, grant);
  return undefined;
}

/** For a head that could not be read: an allowed origin's script may learn why, and nobody is refused for an Origin. */
export function noteOrigin(exchange: Exchange, allowed: AllowedOrigins): void {
  const { origin } = exchange.req.headers;
  exchange.setAnswerHeader('Vary', 'Origin');
  const grant = origin === undefined ? undefined : grantOf(exchange, origin, allowed);
  if (origin !== undefined && grant !== undefined) writeGrant(exchange, origin, grant);
}

/** Whether a browser asks if it may send another origin's request (Fetch, section 3.3.2). */
export function isPreflight({ method, req: { headers } }: Exchange): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}

/** Answers a preflight whose origin `checkOrigin` has let through. `methods`: what the path takes, comma-separated. */
export function answerPreflight(exchange: Exchange, methods: string): 'answered' {
  exchange.setAnswerHeader('Vary', PREFLIGHT_VARY);
  // It should have none; unread it would hold the connection.
  if (!exchange.req.complete) discardBody(exchange.req);
  exchange.res.writeHead(204, [
    ...exchange.answerHeaders,
    'Access-Control-Allow-Methods',
    methods,
    'Access-Control-Allow-Headers',
    ALLOWED_HEADERS,
    'Access-Control-Max-Age',
    String(PREFLIGHT_AGE_S),
  ]);
  exchange.res.end();
  return 'answered';
}

function grantOf({ client, authority }: Exchange, origin: string, allowed: AllowedOrigins): OriginGrant | undefined {
  return allowed.grantFor(origin, ownOrigin(client.protocol, authority));
}

/** Credentials go with a named origin alone: never with `*`, and not with `null`, which is as many. */
function writeGrant(exchange: Exchange, origin: string, grant: OriginGrant): void {
  if (grant === 'anyone') {
    exchange.setAnswerHeader('Access-Control-Allow-Origin', origin === 'null' ? 'null' : '*');
  } else {
    exchange.setAnswerHeader('Access-Control-Allow-Origin', origin);
    exchange.setAnswerHeader('Access-Control-Allow-Credentials', 'true');
  }
  exchange.setAnswerHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
}
