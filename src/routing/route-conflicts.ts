import type { ReportFault } from './policy-reader.js';
import { resolvePath } from './path/index.js';
import type { Route } from './route.js';
import { NOBODY, strictest } from './route-gate.js';
import { matchKey } from './route-matcher.js';

/** Reports routes that could never be reached, and siblings that cannot stand side by side. */
export function checkConflicts(routes: readonly Route[], fault: ReportFault): void {
  for (const route of routes) checkPath(route, fault);
  checkOverlaps(routes, fault);
  checkSiblings(routes, fault);
}

/** A path that requests are never resolved to would leave what it means to guard to the catch-all. */
function checkPath({ name, match }: Route, fault: ReportFault): void {
  const literal = match.path.replace(/\{\*[a-z]+\}$/, '');
  const resolved = resolvePath(literal);
  if (resolved.kind === 'path' && matchKey(resolved.path) === matchKey(literal)) return;
  const instead = resolved.kind === 'path' ? `: write ${resolved.path}${match.path.slice(literal.length)}` : '';
  fault(['routes', name, 'match', 'path'], `no request is ever resolved to this path${instead}`);
}

function checkOverlaps(routes: readonly Route[], fault: ReportFault): void {
  const seen = new Map<string, string>();
  for (const route of routes) {
    const told = new Set<string>();
    for (const method of route.match.methods.length === 0 ? ['*'] : route.match.methods) {
      for (const action of route.match.actions ?? ['']) {
        const key = `${method} ${matchKey(route.match.path)} ${action}`;
        const other = seen.get(key);
        if (other === undefined) seen.set(key, route.name);
        if (other === undefined || told.has(other)) continue;
        told.add(other);
        fault(['routes', route.name, 'match'], `matches ${key.trim()} as route "${other}" does already`);
      }
    }
  }
}

/** Until the action is known, one gate stands for all routes of a path and method: there must be one that fits them. */
function checkSiblings(routes: readonly Route[], fault: ReportFault): void {
  for (const route of routes) {
    if (route.match.actions === undefined) continue;
    const earlier = routes.slice(0, routes.indexOf(route)).filter((other) => areSiblings(route, other));
    const [first] = earlier;
    if (first === undefined) continue;
    const at = ['routes', route.name, 'policies'];
    if (first.policies.cors !== route.policies.cors) {
      fault(at, `must have the same cors as "${first.name}": it is obeyed before the action is known`);
    }
    if (strictest(earlier) !== NOBODY && strictest([...earlier, route]) === NOBODY) {
      fault(
        at,
        `nobody could pass: its authorization and that of "${first.name}" hold together until the action is known`,
      );
    }
  }
}

function areSiblings({ match: a }: Route, { match: b }: Route): boolean {
  if (matchKey(a.path) !== matchKey(b.path)) return false;
  return a.methods.length === 0 || b.methods.length === 0 || a.methods.some((method) => b.methods.includes(method));
}
