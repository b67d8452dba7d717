import { hopTestFor } from './hop-by-hop.js';
import { type LocationContext, rewriteLocation, rewriteRefresh } from './location.js';
import { type CookieContext, rewriteSetCookie } from './set-cookie.js';

export interface AnswerHeaderContext extends LocationContext, CookieContext {
  /** PHP's own CORS headers are dropped: the gateway has set its own. Its `Vary` is joined with the gateway's. */
  readonly replacesCors: boolean;
  /** Lower-case names of headers that only the gateway sets; empty where the upstream's own win. */
  readonly gatewayOnly: ReadonlySet<string>;
}

/** PHP's headers as the client may see them, and what the relay must know of them. */
export interface TransformedHeaders {
  /** name, value, …; without the body's length, type and coding, which the relay decides. */
  readonly headers: string[];
  /** PHP sent a part of something (`Content-Range`). */
  readonly isPart: boolean;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly contentLength: number | undefined;
}

/** Those that name the software, that lead past the gateway or carry a credential of PHP's own, that mean nothing in an answer (`php -S` echoes Host), or that the gateway sets itself. */
const NEVER = new Set([
  'server',
  'x-powered-by',
  'alt-svc',
  'authorization',
  'host',
  'x-trace-id',
  'traceparent',
  'x-gateway-identity',
  'content-length',
  'content-type',
  'content-encoding',
]);

/** RFC 9110, section 7.6.3; clients learn the software's role, not the instance. */
const VIA = '1.1 donna-gateway';

/** Cleans and mends the headers of PHP's answer. Pure. */
export function transformAnswerHeaders(raw: readonly string[], context: AnswerHeaderContext): TransformedHeaders {
  const endsHere = hopTestFor(raw);
  const headers: string[] = [];
  let isPart = false;
  let vary: string[] | undefined;
  let contentType: string | undefined;
  let contentEncoding: string | undefined;
  let contentLength: number | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'content-type') contentType = value;
    else if (lower === 'content-encoding')
      contentEncoding = contentEncoding === undefined ? value : `${contentEncoding}, ${value}`;
    else if (lower === 'content-length') contentLength = Number(value);
    if (NEVER.has(lower) || endsHere(lower) || context.gatewayOnly.has(lower)) continue;
    if (context.replacesCors && lower.startsWith('access-control-')) continue;
    if (context.replacesCors && lower === 'vary') {
      vary ??= [];
      vary.push(value);
      continue;
    }
    if (lower === 'content-range') isPart = true;
    headers.push(name, rewrite(lower, value, context));
  }
  if (context.replacesCors) headers.push('Vary', vary === undefined ? 'Origin' : mergeVary(vary));
  headers.push('Via', VIA);
  return { headers, isPart, contentType, contentEncoding, contentLength };
}

/** One list of what the answer depends on: the Origin, then whatever PHP names (RFC 9110, section 12.5.5). */
function mergeVary(values: readonly string[]): string {
  const merged = new Map([['origin', 'Origin']]);
  for (const name of values.flatMap((value) => value.split(','))) {
    const trimmed = name.trim();
    if (trimmed === '*') return '*';
    const lower = trimmed.toLowerCase();
    if (trimmed !== '' && !merged.has(lower)) merged.set(lower, trimmed);
  }
  return [...merged.values()].join(', ');
}

function rewrite(lower: string, value: string, context: AnswerHeaderContext): string {
  switch (lower) {
    case 'set-cookie':
      return rewriteSetCookie(value, context);
    case 'location':
    case 'content-location':
      return rewriteLocation(value, context);
    case 'refresh':
      return rewriteRefresh(value, context);
    default:
      return value;
  }
}
