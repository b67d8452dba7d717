import { withoutBase } from './location.js';

/** What is known of both sides of a cookie's way. */
export interface CookieContext {
  /** Host names of the upstream's targets, without port, lower case. */
  readonly upstreamHosts: ReadonlySet<string>;
  /** Public host as the client asked for it, with its port where it named one. */
  readonly publicAuthority: string;
  readonly publicProtocol: 'http' | 'https';
  /** PHP was spoken to over TLS. */
  readonly upstreamIsSecure: boolean;
  /** Path under which PHP lives on its own host (`/app`), or ''. */
  readonly upstreamBasePath: string;
}

/**
 * Mends one `Set-Cookie` value (RFC 6265, section 4.1) for the public side: a Domain that names the upstream goes, so that the
 * cookie belongs to the public host; the base path under which PHP lives goes from Path; `Secure` (and `SameSite=None`, which needs it) goes where only PHP's side has TLS,
 * else the browser would drop the cookie. Everything else stays byte for byte.
 */
export function rewriteSetCookie(cookie: string, context: CookieContext): string {
  const parts = cookie.split(';');
  const [pair = ''] = parts;
  const isPrefixed = /^\s*__(?:Secure|Host)-/i.test(pair);
  const losesSecure = context.upstreamIsSecure && context.publicProtocol === 'http' && !isPrefixed;
  let isChanged = false;
  const kept = parts.filter((part, i) => {
    if (i === 0) return true;
    const name = attributeName(part);
    const isDropped =
      (name === 'domain' && namesUpstream(attributeValue(part), context)) ||
      (losesSecure && (name === 'secure' || (name === 'samesite' && attributeValue(part) === 'none')));
    isChanged ||= isDropped;
    return !isDropped;
  });
  const mended =
    context.upstreamBasePath === '' ? kept : kept.map((part, i) => (i === 0 ? part : withoutBasePath(part, context)));
  return isChanged || mended !== kept ? mended.join(';') : cookie;
}

function namesUpstream(domain: string, { upstreamHosts, publicAuthority }: CookieContext): boolean {
  const publicHost = publicAuthority.replace(/:\d+$/, '').toLowerCase();
  const host = domain.replace(/^\./, '');
  if (host === publicHost || publicHost.endsWith(`.${host}`)) return false;
  for (const upstream of upstreamHosts) if (upstream === host || upstream.endsWith(`.${host}`)) return true;
  return false;
}

function withoutBasePath(part: string, { upstreamBasePath }: CookieContext): string {
  if (attributeName(part) !== 'path') return part;
  const equals = part.indexOf('=');
  return part.slice(0, equals + 1) + withoutBase(part.slice(equals + 1).trim(), upstreamBasePath);
}

function attributeName(part: string): string {
  const equals = part.indexOf('=');
  return (equals === -1 ? part : part.slice(0, equals)).trim().toLowerCase();
}

function attributeValue(part: string): string {
  const equals = part.indexOf('=');
  return equals === -1
    ? ''
    : part
        .slice(equals + 1)
        .trim()
        .toLowerCase();
}
