import type { ReportFault } from './policy-reader.js';
import type { PoliciesInput } from './route-table.input.js';
import type { CachePolicy, Route } from './route.js';

const EVERYTHING = '*';
const SUBJECT = '{subject}';
/** Each is in the key, or of the request alone, and cannot be named besides. */
const NOT_TO_NAME = ['authorization', 'cookie', 'host', 'range', 'x-trace-id', 'traceparent', 'accept-encoding'];

/** A cache policy with its defaults. */
export function cachePolicyOf(input: NonNullable<PoliciesInput['cache']>): CachePolicy {
  return {
    cacheControl: 'honour',
    staleWhileRevalidateS: 0,
    staleIfErrorS: 0,
    negativeTtlS: 0,
    tags: [],
    ...input,
    key: { headers: input.key?.headers ?? [], body: input.key?.body },
  };
}

/** Reports cache policies that could not be kept to, and writes that void what nobody stores. */
export function checkCaches(routes: readonly Route[], fault: ReportFault): void {
  const known = new Set([EVERYTHING, ...routes.flatMap(({ policies }) => policies.cache?.tags ?? [])]);
  for (const route of routes) {
    const at = ['routes', route.name, 'policies'];
    const { cache, invalidates } = route.policies;
    if (cache !== undefined) for (const [path, problem] of faultsOf(route, cache)) fault([...at, ...path], problem);
    for (const tag of invalidates.filter((name) => !known.has(name)))
      fault([...at, 'invalidates'], `no route keeps anything under the tag "${tag}"`);
    if (invalidates.length > 0 && isReadOnly(route))
      fault([...at, 'invalidates'], 'stands at a route that changes nothing: it takes GET alone');
  }
}

function* faultsOf(
  { match: { methods }, policies }: Route,
  cache: CachePolicy,
): Generator<readonly [path: readonly string[], problem: string]> {
  const here = ['cache'];
  const isKnown = policies.authorization.anyOf.length > 0;
  if (cache.vary === 'identity' && !isKnown)
    yield [[...here, 'vary'], 'needs an authorization policy that tells who calls; or `vary: public`'];
  // The application is told who calls, and may answer by it.
  if (cache.vary === 'public' && isKnown)
    yield [[...here, 'vary'], 'is for routes whose authorization asks nobody who calls; or `vary: identity`'];
  if (policies.cors === 'upstream' || policies.securityHeaders === 'upstream')
    yield [here, 'needs `cors: gateway` and `securityHeaders: gateway`: what PHP says there is for one request'];
  if (policies.endsSession || policies.upgrade || policies.signature !== undefined)
    yield [here, 'cannot stand beside `endsSession`, `upgrade` or `signature`'];
  const takes = (method: string): boolean => methods.length === 0 || methods.includes(method);
  if (cache.key.body === undefined ? !takes('GET') : !takes('POST'))
    yield [
      here,
      cache.key.body === undefined
        ? 'keeps answers to GET, which the route does not take'
        : '`key.body` is of a POST, which the route does not take',
    ];
  if (cache.key.body !== undefined && policies.invalidates.length > 0)
    yield [here, '`key.body` says that a POST reads, `invalidates` that it writes'];
  if (cache.tags.includes(EVERYTHING)) yield [[...here, 'tags'], '"*" is what everything has: name another'];
  if (cache.vary === 'public' && cache.tags.some((tag) => tag.includes(SUBJECT)))
    yield [[...here, 'tags'], '{subject} needs `vary: identity`'];
  const named = cache.key.headers.find((name) => NOT_TO_NAME.includes(name) || name.startsWith('x-forwarded-'));
  if (named !== undefined) yield [[...here, 'key', 'headers'], `"${named}" cannot be part of the key`];
}

function isReadOnly({ match: { methods } }: Route): boolean {
  return methods.length > 0 && methods.every((method) => method === 'GET' || method === 'HEAD');
}
