import { GatewayError } from '../contract/index.js';
import type { Exchange } from '../trace/index.js';

const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
const ALLOWED_HEADERS = 'Authorization, Content-Type, X-CSRF-Token, X-Trace-Id, traceparent, Idempotency-Key';
const EXPOSED_HEADERS = 'X-Trace-Id, RateLimit, RateLimit-Policy, Retry-After';
const PREFLIGHT_AGE_S = 600;

/**
 * Checks a browser's Origin against the exact allow-list. The gateway's own origin is always allowed.
 * A disallowed one is refused before anything reaches PHP; preflights are `answered` here (Fetch standard, section 3.2).
 */
export function checkOrigin(exchange: Exchange, allowed: ReadonlySet<string>): GatewayError | 'answered' | undefined {
  const { req, res } = exchange;
  const { origin } = req.headers;
  exchange.setAnswerHeader('Vary', 'Origin');
  if (origin === undefined || origin === `${exchange.client.protocol}://${exchange.authority}`) return undefined;
  if (!allowed.has(origin)) return new GatewayError('ORIGIN_DENIED');

  exchange.setAnswerHeader('Access-Control-Allow-Origin', origin);
  exchange.setAnswerHeader('Access-Control-Allow-Credentials', 'true');
  if (exchange.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined) {
    exchange.setAnswerHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
    return undefined;
  }
  res.writeHead(204, [
    ...exchange.answerHeaders,
    'Access-Control-Allow-Methods',
    ALLOWED_METHODS,
    'Access-Control-Allow-Headers',
    ALLOWED_HEADERS,
    'Access-Control-Max-Age',
    String(PREFLIGHT_AGE_S),
  ]);
  res.end();
  return 'answered';
}
