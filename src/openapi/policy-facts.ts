import type { Route } from '../routing/index.js';
import type { Operation } from './document.types.js';

const SCHEMES = { jwt: 'bearerAuth', 'php-session': 'sessionCookie' } as const;

/** Any of the proofs that a route takes; nothing at all where it is open, or a guest may come. */
export function securityOf({ policies: { authorization } }: Route): Operation['security'] {
  const proofs = authorization.anyOf.map((proof) => ({ [SCHEMES[proof]]: [] }));
  return authorization.optional ? [...proofs, {}] : proofs;
}

/** The limits that a request may meet, each once. */
export function limitsOf(routes: readonly Route[]): readonly object[] {
  const limits = new Map(
    routes.flatMap(({ policies }) => policies.rateLimit.map((limit) => [limit.name, limit] as const)),
  );
  return [...limits.values()].map(({ name, limit, windowS, per }) => ({ name, limit, windowS, per }));
}

/** Who answers at the moment: for administrators. */
export function adminExtensions(routes: readonly Route[]): Readonly<Record<`x-${string}`, unknown>> {
  const facts = routes.map(({ name, match, stage, weight, handler, upstream, policies }) => ({
    route: name,
    ...(match.actions === undefined ? {} : { actions: match.actions }),
    stage,
    ...(stage === 'canary' ? { weight } : {}),
    ...(handler === undefined ? {} : { handler }),
    ...(upstream === undefined ? {} : { upstream }),
    timeoutMs: policies.timeoutMs,
  }));
  const [first, ...others] = facts;
  if (first === undefined) return {};
  return {
    'x-donna-stage': first.stage,
    ...(first.weight === undefined ? {} : { 'x-donna-weight': first.weight }),
    ...(first.handler === undefined ? {} : { 'x-donna-handler': first.handler }),
    ...(others.length === 0 ? {} : { 'x-donna-routes': facts }),
  };
}
