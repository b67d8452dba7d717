import { hopTestFor } from './hop-by-hop.js';

/** What the gateway says to PHP in its own name. */
export interface RequestHeaderContext {
  /** Host for PHP: the public one or the target's. */
  readonly host: string;
  readonly publicHost: string;
  readonly protocol: 'http' | 'https';
  readonly clientAddress: string;
  readonly traceId: string;
  readonly traceparent: string;
  /** What vendors know of a trace belongs to a `traceparent` that was read (W3C Trace Context, section 4.3). */
  readonly keepsTraceState: boolean;
  /** Signed identity; undefined where the upstream gets none. */
  readonly identity: string | undefined;
  /** The caller's token was verified here and stays here. */
  readonly dropsAuthorization: boolean;
  /** The route's policies were chosen by the method: a framework must not be told to act on another one. */
  readonly dropsMethodOverride: boolean;
  /** The answer must be read, so PHP is not to compress it. */
  readonly wantsPlainAnswer: boolean;
  /** This process's name in `Via`. */
  readonly via: string;
}

/** Only the gateway may say these, or what they say in other vendors' words; a client's own are dropped. */
const GATEWAY_ONLY = new Set([
  'client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  'forwarded',
  'front-end-https',
  'proxy',
  'traceparent',
  'true-client-ip',
  // Who answers is between an administrator and the gateway.
  'x-donna-arm',
  'x-donna-arm-authorization',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-forwarded',
  'x-host',
  'x-original-host',
  'x-original-url',
  'x-originating-ip',
  'x-real-ip',
  'x-remote-addr',
  'x-remote-ip',
  'x-rewrite-url',
  'x-trace-id',
]);
/** Fields by which frameworks take a POST for another method. */
const METHOD_OVERRIDES = new Set(['x-http-method', 'x-http-method-override', 'x-method-override']);
/** Told anew by whoever forwards: the body's length by the forwarder, the expectation is met by the gateway. */
const RETOLD = new Set(['host', 'content-length', 'expect']);
/** CGI turns a name into an environment variable: other characters than these would fold into another name. */
const CGI_SAFE_NAME = /^[A-Za-z0-9-]+$/;

/**
 * The headers that PHP gets, name, value, …: the client's without what ends here or was said in the gateway's name
 * (RFC 9110, section 7.6), then the gateway's own. Pure: the same input gives the same output.
 */
export function transformRequestHeaders(raw: readonly string[], context: RequestHeaderContext): string[] {
  const endsHere = hopTestFor(raw);
  const out: string[] = ['Host', context.host];
  let via = context.via;
  let cookie: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    const lower = name.toLowerCase();
    if (endsHere(lower) || RETOLD.has(lower) || isGatewayOnly(lower) || !CGI_SAFE_NAME.test(name)) continue;
    if (lower === 'tracestate' && !context.keepsTraceState) continue;
    if (lower === 'authorization' && context.dropsAuthorization) continue;
    if (context.dropsMethodOverride && METHOD_OVERRIDES.has(lower)) continue;
    if (lower === 'accept-encoding' && context.wantsPlainAnswer) continue;
    if (lower === 'via') via = joinVia(via, value, context.via);
    // One line for all, as RFC 6265 (section 5.4) has it: servers join several in different ways.
    else if (lower === 'cookie') cookie = cookie === undefined ? value : `${cookie}; ${value}`;
    else out.push(name, value);
  }
  if (cookie !== undefined) out.push('Cookie', cookie);
  if (context.wantsPlainAnswer) out.push('Accept-Encoding', 'identity');
  out.push('X-Forwarded-For', context.clientAddress);
  out.push('X-Forwarded-Host', context.publicHost);
  out.push('X-Forwarded-Proto', context.protocol);
  out.push('X-Real-IP', context.clientAddress);
  out.push('Via', via);
  out.push('X-Trace-Id', context.traceId, 'traceparent', context.traceparent);
  if (context.identity !== undefined) out.push('X-Gateway-Identity', context.identity);
  return out;
}

/** The hops so far in their order, then this one (RFC 9110, section 7.6.3). */
function joinVia(known: string, value: string, own: string): string {
  return known === own ? `${value}, ${own}` : `${known.slice(0, -own.length)}${value}, ${own}`;
}

function isGatewayOnly(lower: string): boolean {
  return GATEWAY_ONLY.has(lower) || lower.startsWith('x-forwarded-') || lower.startsWith('x-gateway-');
}
