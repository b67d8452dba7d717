import type { ResolvedPath } from './path/index.js';
import type { Route, RouteTable } from './route.js';
import { strictest } from './route-gate.js';

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
  | { readonly kind: 'group'; readonly group: RouteGroup; readonly allow: string }
  | { readonly kind: 'method-not-allowed'; readonly allow: string; readonly sample: Route }
  | { readonly kind: 'none' };

type ServedPath = Extract<ResolvedPath, { kind: 'path' }>;

interface PathNode {
  readonly groups: Map<string, RouteGroup>;
  readonly allow: string;
  readonly sample: Route;
}

const ANY_METHOD = '*';
const EVERY_METHOD = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const INDEX = '/index.php';
const NONE: RouteMatchResult = { kind: 'none' };

/**
 * Finds the routes of a request. Exact paths come before prefixes, longer prefixes before shorter ones; a script wins over
 * what follows it (PATH_INFO), and case does not matter, so that no spelling of a guarded path falls through to the catch-all.
 */
export class RouteMatcher {
  private readonly exact = new Map<string, PathNode>();
  private readonly prefixes: { readonly prefix: string; readonly node: PathNode }[] = [];

  constructor(table: RouteTable) {
    for (const [path, routes] of groupBy(table.routes, (route) => matchKey(route.match.path))) {
      const node = toNode(routes);
      const tail = path.indexOf('{');
      if (tail === -1) this.exact.set(path, node);
      else this.prefixes.push({ prefix: path.slice(0, tail), node });
    }
    this.prefixes.sort((a, b) => b.prefix.length - a.prefix.length);
  }

  match(method: string, path: ServedPath): RouteMatchResult {
    const node = this.find(path);
    if (node === undefined) return NONE;
    const group = node.groups.get(method) ?? node.groups.get(ANY_METHOD);
    if (group === undefined) return { kind: 'method-not-allowed', allow: node.allow, sample: node.sample };
    return { kind: 'group', group, allow: node.allow };
  }

  /** Every group there is. */
  groups(): readonly RouteGroup[] {
    const nodes = [...this.exact.values(), ...this.prefixes.map(({ node }) => node)];
    return nodes.flatMap((node) => [...node.groups.values()]);
  }

  /** The same with the path and the method that lead to each; `*` is any method that no other group of the path has. */
  listed(): readonly { readonly path: string; readonly method: string; readonly group: RouteGroup }[] {
    const nodes = [...this.exact.values(), ...this.prefixes.map(({ node }) => node)];
    return nodes.flatMap(({ sample, groups }) =>
      [...groups].map(([method, group]) => ({ path: sample.match.path, method, group })),
    );
  }

  private find(path: ServedPath): PathNode | undefined {
    const canonical = path.path.toLowerCase();
    const script = path.script?.toLowerCase();
    const scripted = script === undefined ? undefined : this.exact.get(script);
    if (scripted !== undefined) return scripted;
    // A front controller is its folder, and what follows it is an address below that: `/index.php/orders` is `/orders`.
    if (script?.endsWith(INDEX) === true)
      return this.findPlain(`${script.slice(0, -INDEX.length)}${canonical.slice(script.length)}`);
    return this.findPlain(canonical);
  }

  private findPlain(path: string): PathNode | undefined {
    const plain = path === '' ? '/' : withoutTrailingSlash(path);
    // Servers run a folder's index where the folder is asked for.
    const exact = this.exact.get(plain) ?? this.exact.get(plain === '/' ? INDEX : plain + INDEX);
    if (exact !== undefined) return exact;
    for (const { prefix, node } of this.prefixes) {
      if (path.startsWith(prefix) || (path.length + 1 === prefix.length && prefix.startsWith(path))) return node;
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
  const allowed = methods.has(ANY_METHOD) ? EVERY_METHOD : [...methods, 'OPTIONS'];
  return { groups, allow: [...new Set(allowed)].join(', '), sample: first };
}

function toGroup(routes: readonly Route[], method: string): RouteGroup {
  // A route that names the method comes before one that takes any.
  const ordered = routes.toSorted(
    (a, b) => Number(a.match.methods.length === 0) - Number(b.match.methods.length === 0),
  );
  const base = ordered.find((route) => route.match.actions === undefined);
  const byAction = new Map<string, Route>();
  for (const route of ordered) {
    for (const action of route.match.actions ?? []) if (!byAction.has(action)) byAction.set(action, route);
  }
  const served = [...(base === undefined ? [] : [base]), ...new Set(byAction.values())];
  const [first] = served;
  if (first === undefined) throw new Error('a group has at least one route');
  if (byAction.size === 0) return { gate: first, base, byAction: undefined, gatesByAction: false };
  const gate: Route = {
    ...first,
    policies: {
      ...first.policies,
      authorization: strictest(served),
      maxBodyBytes: Math.max(...served.map((route) => route.policies.maxBodyBytes)),
    },
  };
  return { gate, base, byAction, gatesByAction: method !== 'GET' && method !== 'HEAD' };
}

/** Equal for paths that match the same requests: case, a trailing slash and the name of the tail do not matter. */
export function matchKey(path: string): string {
  return withoutTrailingSlash(path.toLowerCase().replace(/\{\*[a-z]+\}$/, '{*}'));
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
