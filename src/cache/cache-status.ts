/** Why a request went on to whoever answers the route (RFC 9211, section 2.2). */
export type Forwarded = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'stale' | 'request';

const NAME = 'donna-gateway';

/** `Cache-Status` of an answer from the cache; `ttl` in seconds, negative for what is stale. */
export function hitStatus(ttl: number, detail?: string): string {
  return `${NAME}; hit; ttl=${ttl}${detail === undefined ? '' : `; detail=${detail}`}`;
}

/** `Cache-Status` of an answer that was fetched. */
export function forwardStatus(
  why: Forwarded,
  facts: { readonly isStored?: boolean; readonly isCollapsed?: boolean } = {},
): string {
  return `${NAME}; fwd=${why}${facts.isStored === true ? '; stored' : ''}${facts.isCollapsed === true ? '; collapsed' : ''}`;
}
