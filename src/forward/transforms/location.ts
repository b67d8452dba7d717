/** How addresses of the upstream are told from foreign ones, and what they become. */
export interface LocationContext {
  /** The upstream's addresses: authority (`10.0.0.7:8080`) and base path (`/app`, or ''). */
  readonly upstreams: readonly { readonly host: string; readonly basePath: string }[];
  /** Public host as the client asked for it, with its port where it named one. */
  readonly publicAuthority: string;
  readonly publicProtocol: 'http' | 'https';
  /** Path under which the target that answered lives (`/app`), or ''. */
  readonly upstreamBasePath: string;
}

const ABSOLUTE = /^(https?:)?\/\/[^/?#\\]*/i;
/** What a browser takes for `//host`: it reads a backslash as a slash and overlooks tabs (WHATWG URL, section 4.4). */
const NAMES_A_HOST = /^\/\t*[/\\]/;

/**
 * Rewrites an address that names the upstream for the public side: an absolute one gets the public origin, and the base
 * path under which PHP lives goes. Relative and foreign addresses stay as they are.
 */
export function rewriteLocation(location: string, context: LocationContext): string {
  const start = ABSOLUTE.exec(location);
  if (start === null) return location.startsWith('/') ? rewritePath(location, context) : location;
  const { upstreams, upstreamBasePath } = context;
  const publicOrigin = publicOriginOf(context);
  const named = start[0].startsWith('//') ? `http:${start[0]}` : start[0];
  if (!URL.canParse(named)) return location;
  const { host, protocol } = new URL(named);
  const rest = location.slice(start[0].length);
  const upstream = upstreams.find((candidate) => candidate.host === host);
  if (upstream !== undefined) return publicOrigin + withoutBase(rest, upstream.basePath);
  if (host !== spelled(context.publicAuthority, protocol)) return location;
  // PHP that was given the public Host names itself by it. It does not see the gateway's TLS, so its `http:` means the
  // public protocol; its `https:` before a gateway without TLS asks for TLS and stays.
  const asksForTls = /^https:/i.test(start[0]) && publicOrigin.startsWith('http:');
  return (asksForTls ? start[0] : publicOrigin) + withoutBase(rest, upstreamBasePath);
}

/** A path of PHP's own host; one that without its base would name a host is told with the public origin before it. */
function rewritePath(path: string, context: LocationContext): string {
  const rest = withoutBase(path, context.upstreamBasePath);
  return rest !== path && NAMES_A_HOST.test(rest) ? publicOriginOf(context) + rest : rest;
}

/** The public authority as `URL` spells it for a protocol: without the port that is that protocol's default. */
function spelled(authority: string, protocol: string): string {
  const origin = `${protocol}//${authority}`;
  return URL.canParse(origin) ? new URL(origin).host : '';
}

function publicOriginOf({ publicProtocol, publicAuthority }: LocationContext): string {
  return `${publicProtocol}://${publicAuthority}`;
}

/** Rewrites the address in `Refresh: 5; url=…`. */
export function rewriteRefresh(refresh: string, context: LocationContext): string {
  const match = /^(\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?)(["']?)([^"']*)\2\s*$/i.exec(refresh);
  if (match === null) return refresh;
  const [, lead = '', quote = '', url = ''] = match;
  return lead + quote + rewriteLocation(url, context) + quote;
}

/** Takes a base path (`/app`) off a path; a path beside it (`/application`) stays. */
export function withoutBase(path: string, basePath: string): string {
  if (basePath === '' || !path.startsWith(basePath)) return path;
  const rest = path.slice(basePath.length);
  if (rest === '' || rest.startsWith('?') || rest.startsWith('#')) return `/${rest}`;
  return rest.startsWith('/') ? rest : path;
}
