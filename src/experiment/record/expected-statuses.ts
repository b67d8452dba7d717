import type { Route } from '../../routing/index.js';

const WRITES = new Set(['POST', 'PUT', 'PATCH']);

/** Statuses that a route can answer by its policies and by what its experiment expects; 200 stands for any success. */
export function expectedStatuses({ match: { methods }, policies, experiment }: Route): readonly number[] {
  const { authorization, input } = policies;
  const isGuarded = authorization.anyOf.length > 0 && !authorization.optional;
  const takesBody = methods.length > 0 && methods.every((method) => WRITES.has(method));
  const named = experiment.expects.statuses.filter((status) => typeof status === 'number');
  const found = [
    200,
    ...(takesBody && input !== undefined ? [400] : []),
    ...(isGuarded ? [401] : []),
    ...(authorization.roles.length > 0 ? [403] : []),
    ...(takesBody ? [413] : []),
    ...(input === undefined ? [] : [422]),
    ...named,
  ];
  return [...new Set(found)].toSorted((a, b) => a - b);
}
