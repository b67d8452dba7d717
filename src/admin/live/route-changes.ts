import { isDeepStrictEqual } from 'node:util';
import type { Route, RouteTable } from '../../routing/index.js';

/** Names of the routes that are not in both tables as they are in the other. */
export function changedRoutes(before: RouteTable | undefined, after: RouteTable): readonly string[] {
  const old = byName(before);
  const current = byName(after);
  return [...new Set([...old.keys(), ...current.keys()])].filter((name) => {
    const [was, is] = [old.get(name), current.get(name)];
    return was !== is && !isDeepStrictEqual(was, is);
  });
}

function byName(table: RouteTable | undefined): ReadonlyMap<string, Route> {
  return new Map(table?.routes.map((route) => [route.name, route]));
}
