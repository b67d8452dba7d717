import { isIP } from 'node:net';
import { isSmallOrderKey } from './small-order-key.js';

/** Says what is wrong with one value, as the end of a sentence ("must be …"), or nothing. Never quotes the value. */
export type ValueCheck = (value: string) => string | undefined;

export interface UrlRules {
  readonly schemes: readonly string[];
  /** User name and password in the URL; refused unless true. */
  readonly credentials?: boolean;
  readonly query?: boolean;
}

export function urlCheck({ schemes, credentials = false, query = false }: UrlRules): ValueCheck {
  const spelt = schemes.map((scheme) => `${scheme}://`).join(' or ');
  return (value) => {
    const url = parseUrl(value);
    if (url === undefined || !value.includes('://') || url.hostname === '')
      return `must be a URL that starts with ${spelt}`;
    if (!schemes.includes(url.protocol.slice(0, -1))) return `must start with ${spelt}`;
    if (!credentials && (url.username !== '' || url.password !== '')) return 'must not hold a user name or password';
    if (!query && url.search !== '') return 'must not hold a query';
    if (value.includes('#')) return 'must not hold a fragment (#)';
    return undefined;
  };
}

/** An origin as a browser sends it (RFC 6454, section 6.2), or `*`, or `null` (sandboxed frames, files); case and default port may differ. */
export const originCheck: ValueCheck = (value) => {
  if (value === '*' || value === 'null') return undefined;
  if (value.includes('*')) return 'must be an exact origin, without *';
  if (!/^https?:\/\//i.test(value)) return 'must be an origin that starts with http:// or https://';
  const url = parseUrl(value);
  if (url === undefined || url.username !== '' || url.password !== '') return 'must be an origin: scheme://host[:port]';
  if (/[/?#]/.test(value.slice(value.indexOf('://') + 3))) return 'must be an origin without path or slash at the end';
  return undefined;
};

/** An IP address, or a block of them in CIDR notation (RFC 4632, RFC 4291). */
export const addressRangeCheck: ValueCheck = (value) => {
  const [address = '', prefix, ...rest] = value.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || rest.length > 0) return 'must be an IP address or a CIDR block';
  if (prefix === undefined) return undefined;
  const longest = family === 4 ? 32 : 128;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > longest) return `must have a prefix length from 0 to ${longest}`;
  return undefined;
};

/** A key that goes into a header field: one that cannot would fail at each use (RFC 9110, section 5.5). */
export const headerKeyCheck: ValueCheck = (value) =>
  /^[\x21-\x7e]+$/.test(value)
    ? undefined
    : 'must be visible ASCII characters, without a space or line break at its end';

/** What parts user and password from each other, and commands from commands (RFC 4616, RFC 5321). */
export const loginCheck: ValueCheck = (value) =>
  /\p{Cc}/u.test(value) ? 'must not hold control characters such as line breaks' : undefined;

export const hostCheck: ValueCheck = (value) =>
  isIP(value) !== 0 || /^[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i.test(value)
    ? undefined
    : 'must be an IP address or a host name, without scheme and port';

/** Where the gateway puts a part of itself: one or more plain segments. */
export const urlPathCheck: ValueCheck = (value) =>
  /^(\/[\w~-][\w.~-]*)+$/.test(value)
    ? undefined
    : 'must be a path such as /name: letters, digits, - _ . and no slash at the end';

export const ed25519KeyCheck: ValueCheck = (value) => {
  if (!/^[A-Za-z\d+/]{42}[AEIMQUYcgkosw048]=$/.test(value))
    return 'must be the base64 of a 32-byte Ed25519 public key (44 characters)';
  return isSmallOrderKey(value) ? 'must be a real Ed25519 public key: anybody could sign for this one' : undefined;
};

export function isLoopbackUrl(value: string): boolean {
  const host = parseUrl(value)?.hostname ?? '';
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

export function parseUrl(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined;
}

export function withoutSlashAtEnd(value: string): string {
  return value.replace(/\/+$/, '');
}
