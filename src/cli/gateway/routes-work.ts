import type { MatchView, RouteView } from '../../admin/index.js';
import { callAdmin } from './admin-client.js';
import type { OutputOptions } from './command.js';
import type { RoutesTask } from './commands/routes.command.js';
import { didYouMean } from './nearest-word.js';
import type { OperatorAccess } from './operator-access.js';
import { printMatch, printRouteInFull, printRoutes } from './print-routes.js';
import { printableJson } from './printable.js';
import { tell, tellAnswer, warn } from './tell.js';

const EX_FAULT = 1;

/** Prints the route table, one route, or which one a request meets. @returns the exit code @throws AdminCallError */
export async function workOnRoutes(
  { task, isJson }: OutputOptions & { readonly task: RoutesTask },
  { base, adminToken }: OperatorAccess,
): Promise<number> {
  const ask = (path: string): Promise<unknown> => callAdmin(base, adminToken(), { method: 'GET', path }, warn);
  const look = { isJson, base };
  if (task.kind === 'match') {
    const query = new URLSearchParams({ method: task.method, target: task.target });
    const found = (await ask(`/match?${query.toString()}`)) as MatchView;
    const route = found.route === undefined ? undefined : findRoute(await ask('/routes'), found.route);
    const data = route === undefined ? found : { ...found, inFull: route };
    tellAnswer(data, look, () => printMatch(found, route));
    return found.kind === 'route' ? 0 : EX_FAULT;
  }
  const routes = await ask('/routes');
  if (task.kind === 'list') return tellAnswer(routes, look, () => printRoutes(routes as readonly RouteView[]));
  const route = findRoute(routes, task.route);
  if (route !== undefined) return tellAnswer(route, look, () => printRouteInFull(route));
  const names = Array.isArray(routes) ? (routes as readonly RouteView[]).map(({ route: name }) => String(name)) : [];
  warn(`The route table has no route ${task.route}${didYouMean(task.route, names)}`);
  return isJson ? tell(printableJson(null), EX_FAULT) : EX_FAULT;
}

function findRoute(routes: unknown, name: string): RouteView | undefined {
  return Array.isArray(routes) ? (routes as readonly RouteView[]).find(({ route }) => route === name) : undefined;
}
