import type { ResolvedPath } from './path/index.js';
import type { AuthorizationPolicy, Route, RouteTable } from './route.js';

/** The routes of one path and method: one, or several that PHP's `action` tells apart. */
export interface RouteGroup {
  /** What holds until the action is known: the siblings' strictest authorization and largest body. */
  readonly gate: Route;
  /** Undefined where only listed actions are routes. */
  readonly base: Route | undefined;
  /** Undefined where no route asks for the action. */
  readonly byAction: ReadonlyMap<string, Route> | undefined;
  /** The action may stand in the body: until that was read, the gate holds. */
  readonly gatesByAction: boolean;
}

export type RouteMatchResult =
  | { readonly kind: 'group'; readonly group: RouteGroup }
  | { readonly kind: 'method-not-allowed'; readonly allow: string; readonly sample: Route }
  | { readonly kind: 'none' };

type ServedPath = Extract<ResolvedPath, { kind: 'path' }>;

interface PathNode {
  readonly groups: Map<string, RouteGroup>;
  readonly allow: string;
  readonly sample: Route;
}

const ANY_METHOD = '*';
const NONE: RouteMatchResult = { kind: 'none' };

/**
 * Finds the routes of a request. Exact paths come before prefixes, longer prefixes before shorter ones; a script wins over
 * what follows it (PATH_INFO), and case does not matter, so that no spelling of a guarded path falls through to the catch-all.
 */
export class RouteMatcher {
  private readonly exact = new Map<string, PathNode>();
  private readonly prefixes: { readonly prefix: string; readonly node: PathNode }[] = [];

  constructor(table: RouteTable) {
    for (const [path, routes] of groupBy(table.routes, (route) => route.match.path.toLowerCase())) {
      const node = toNode(routes);
      const tail = path.indexOf('{');
      if (tail === -1) this.exact.set(withoutTrailingSlash(path), node);
      else this.prefixes.push({ prefix: path.slice(0, tail), node });
    }
    this.prefixes.sort((a, b) => b.prefix.length - a.prefix.length);
  }

  match(method: string, path: ServedPath): RouteMatchResult {
    const node = this.find(path);
    if (node === undefined) return NONE;
    const group = node.groups.get(method) ?? node.groups.get(ANY_METHOD);
    if (group === undefined) return { kind: 'method-not-allowed', allow: node.allow, sample: node.sample };
    return { kind: 'group', group };
  }

  /** Every group there is. */
  groups(): readonly RouteGroup[] {
    const nodes = [...this.exact.values(), ...this.prefixes.map(({ node }) => node)];
    return nodes.flatMap((node) => [...node.groups.values()]);
  }

  private find(path: ServedPath): PathNode | undefined {
    if (path.script !== null) {
      const scripted = this.exact.get(path.script.toLowerCase());
      if (scripted !== undefined) return scripted;
    }
    const canonical = path.path.toLowerCase();
    const exact = this.exact.get(withoutTrailingSlash(canonical));
    if (exact !== undefined) return exact;
    for (const { prefix, node } of this.prefixes) {
      if (canonical.startsWith(prefix) || (canonical.length + 1 === prefix.length && prefix.startsWith(canonical)))
        return node;
    }
    return undefined;
  }
}

function toNode(routes: readonly Route[]): PathNode {
  const groups = new Map<string, RouteGroup>();
  const methods = new Set(
    routes.flatMap((route) => (route.match.methods.length === 0 ? [ANY_METHOD] : route.match.methods)),
  );
  for (const method of methods) {
    const matching = routes.filter((route) => route.match.methods.length === 0 || route.match.methods.includes(method));
    groups.set(method, toGroup(matching, method));
  }
  const [first] = routes;
  if (first === undefined) throw new Error('a path has at least one route');
  return { groups, allow: [...methods, 'OPTIONS'].join(', '), sample: first };
}

function toGroup(routes: readonly Route[], method: string): RouteGroup {
  const base = routes.find((route) => route.match.actions === undefined);
  const withAction = routes.filter((route) => route.match.actions !== undefined);
  const [first] = base === undefined ? routes : [base];
  if (first === undefined) throw new Error('a group has at least one route');
  if (withAction.length === 0) return { gate: first, base, byAction: undefined, gatesByAction: false };
  const gate: Route = {
    ...first,
    policies: {
      ...first.policies,
      authorization: routes.map((route) => route.policies.authorization).reduce(stricter),
      maxBodyBytes: Math.max(...routes.map((route) => route.policies.maxBodyBytes)),
    },
  };
  const byAction = new Map(
    withAction.flatMap((route) => (route.match.actions ?? []).map((action) => [action, route] as const)),
  );
  return { gate, base, byAction, gatesByAction: method !== 'GET' && method !== 'HEAD' };
}

/** A role is stricter than an identity, an identity than one that is optional, that than none; with two sets of roles the caller needs one that both accept. */
function stricter(a: AuthorizationPolicy, b: AuthorizationPolicy): AuthorizationPolicy {
  if (a.roles.length > 0 && b.roles.length > 0) {
    const both = a.roles.filter((role) => b.roles.includes(role));
    return {
      name: `${a.name}+${b.name}`,
      anyOf: a.anyOf.filter((kind) => b.anyOf.includes(kind)),
      roles: both.length > 0 ? both : ['nobody'],
      optional: false,
    };
  }
  if (a.roles.length > 0) return a;
  if (b.roles.length > 0) return b;
  const rank = ({ anyOf, optional }: AuthorizationPolicy): number => (anyOf.length === 0 ? 0 : optional ? 1 : 2);
  return rank(b) > rank(a) ? b : a;
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
