/** How addresses of the upstream are told from foreign ones, and what they become. */
export interface LocationContext {
  /** The upstream's addresses: authority (`10.0.0.7:8080`) and base path (`/app`, or ''). */
  readonly upstreams: readonly { readonly host: string; readonly basePath: string }[];
  /** The public origin, e.g. `https://donna.example`. */
  readonly publicOrigin: string;
}

const ABSOLUTE = /^(https?:)?\/\/[^/?#\\]*/i;

/**
 * Rewrites an address that names the upstream for the public side: an absolute one gets the public origin, and the base
 * path under which PHP lives goes. Relative and foreign addresses stay as they are.
 */
export function rewriteLocation(location: string, { upstreams, publicOrigin }: LocationContext): string {
  const start = ABSOLUTE.exec(location);
  if (start === null) return location.startsWith('/') ? withoutBase(location, upstreams[0]?.basePath ?? '') : location;
  const named = start[0].startsWith('//') ? `http:${start[0]}` : start[0];
  if (!URL.canParse(named)) return location;
  const { host } = new URL(named);
  const upstream = upstreams.find((candidate) => candidate.host === host);
  if (upstream === undefined) return location;
  return publicOrigin + withoutBase(location.slice(start[0].length), upstream.basePath);
}

/** Rewrites the address in `Refresh: 5; url=…`. */
export function rewriteRefresh(refresh: string, context: LocationContext): string {
  const match = /^(\s*\d+\s*[;,]\s*url\s*=\s*)(["']?)([^"']*)\2\s*$/i.exec(refresh);
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
