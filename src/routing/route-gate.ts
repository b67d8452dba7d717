import type { AuthorizationPolicy, Route } from './route.js';

/** Whom no identity satisfies: what holds where a route names no policy, or its siblings' policies exclude each other. */
export const NOBODY: AuthorizationPolicy = { name: 'nobody', anyOf: ['jwt'], roles: ['nobody'], optional: false };

/**
 * What holds for routes of one path and method until PHP's `action` tells them apart: an identity that satisfies one
 * satisfies all. `NOBODY` where there can be no such identity.
 */
export function strictest(routes: readonly Route[]): AuthorizationPolicy {
  return routes.map((route) => route.policies.authorization).reduce(stricter);
}

/** An identity is stricter than one that is optional, that than none; of two that are demanded both hold. */
function stricter(a: AuthorizationPolicy, b: AuthorizationPolicy): AuthorizationPolicy {
  if (a === NOBODY || b === NOBODY) return NOBODY;
  if (a.name === b.name) return a;
  if (rank(a) < 2 || rank(b) < 2) return rank(b) > rank(a) ? b : a;
  const anyOf = a.anyOf.filter((kind) => b.anyOf.includes(kind));
  const roles = both(a.roles, b.roles);
  if (anyOf.length === 0 || roles === undefined) return NOBODY;
  return { name: `${a.name}+${b.name}`, anyOf, roles, optional: false };
}

function rank({ anyOf, roles, optional }: AuthorizationPolicy): number {
  if (anyOf.length === 0 && roles.length === 0) return 0;
  return optional ? 1 : 2;
}

/** Roles of which one is enough for either side; undefined where there is none. */
function both(a: readonly string[], b: readonly string[]): readonly string[] | undefined {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a;
  const common = a.filter((role) => b.includes(role));
  return common.length === 0 ? undefined : common;
}
