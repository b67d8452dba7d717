import { resolvePath } from '../../routing/index.js';

const INDEX = '/index.php';

/**
 * Which of a gateway's routes a request would come to, by its path. A fixture is what somebody else may have written: under the
 * name of a harmless route it must not be sent, with a token made for it, to another one.
 */
export class RouteAddresses {
  private readonly patterns: ReadonlySet<string>;

  /** `paths`: of all routes, by their names, as the route table has them. */
  constructor(private readonly paths: ReadonlyMap<string, string>) {
    this.patterns = new Set([...paths.values()].map((path) => path.toLowerCase()));
  }

  /** Whether a target is an address of the route, as the gateway reads it; of a route that it has not: whether it is nobody else's. */
  isOf(route: string, target: string): boolean {
    const resolved = resolvePath(target);
    if (resolved.kind !== 'path') return false;
    const nearest = this.nearest(resolved.path.toLowerCase(), resolved.script?.toLowerCase() ?? '');
    const own = this.paths.get(route)?.toLowerCase();
    if (own !== undefined) return nearest === own;
    return nearest === undefined || fixedPart(nearest) === '/';
  }

  private nearest(path: string, script: string): string | undefined {
    if (this.patterns.has(script)) return script;
    // `/index.php/orders` is `/orders`.
    const plain = script.endsWith(INDEX) ? script.slice(0, -INDEX.length) + path.slice(script.length) : path;
    return [...this.patterns]
      .filter((pattern) => isWithin(pattern, plain))
      .toSorted((a, b) => rankOf(b) - rankOf(a))[0];
  }
}

function isWithin(pattern: string, path: string): boolean {
  const fixed = fixedPart(pattern);
  if (path === fixed || path === `${fixed}/`) return true;
  return pattern.includes('{') && path.startsWith(fixed.endsWith('/') ? fixed : `${fixed}/`);
}

/** The nearest is the longest; of two alike the one without a rest. */
function rankOf(pattern: string): number {
  return 2 * fixedPart(pattern).length + (pattern.includes('{') ? 0 : 1);
}

/** `/admin/{*path}` is for `/admin` too. */
function fixedPart(pattern: string): string {
  const open = pattern.indexOf('{');
  return open === -1 ? pattern : pattern.slice(0, open).replace(/(?<=.)\/$/, '');
}
