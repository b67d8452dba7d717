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
  /** Signed identity; undefined where the upstream gets none. */
  readonly identity: string | undefined;
  /** The caller's token was verified here and stays here. */
  readonly dropsAuthorization: boolean;
  /** The answer must be read, so PHP is not to compress it. */
  readonly wantsPlainAnswer: boolean;
  /** This process's name in `Via`. */
  readonly via: string;
}

/** Only the gateway may say these; a client's own are dropped. */
const GATEWAY_ONLY = new Set([
  'forwarded',
  'x-real-ip',
  'proxy',
  'x-trace-id',
  'traceparent',
  'x-original-url',
  'x-rewrite-url',
  'x-client-ip',
]);
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
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    const lower = name.toLowerCase();
    if (endsHere(lower) || RETOLD.has(lower) || isGatewayOnly(lower) || !CGI_SAFE_NAME.test(name)) continue;
    if (lower === 'authorization' && context.dropsAuthorization) continue;
    if (lower === 'accept-encoding' && context.wantsPlainAnswer) continue;
    if (lower === 'via') via = `${value}, ${via}`;
    else out.push(name, value);
  }
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

function isGatewayOnly(lower: string): boolean {
  return GATEWAY_ONLY.has(lower) || lower.startsWith('x-forwarded-') || lower.startsWith('x-gateway-');
}
