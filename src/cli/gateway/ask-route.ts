import { type AdminCall, AdminCallError, callAdmin } from './admin-client.js';
import { didYouMean } from './nearest-word.js';
import type { OperatorAccess } from './operator-access.js';
import { printable } from './printable.js';
import { warn } from './tell.js';

/** Asks about one route; where there is none of its name, the error says which was meant. @throws AdminCallError */
export async function askRoute(access: OperatorAccess, route: string, call: AdminCall): Promise<unknown> {
  try {
    return await callAdmin(access.base, access.adminToken(), call, warn);
  } catch (error) {
    if (!(error instanceof AdminCallError) || error.status !== 404) throw error;
    const names = await namesOfRoutes(access);
    if (names.includes(route)) throw error;
    throw new AdminCallError(`${error.message}${didYouMean(route, names)}`, error.status);
  }
}

async function namesOfRoutes({ base, adminToken }: OperatorAccess): Promise<readonly string[]> {
  const routes = await callAdmin(base, adminToken(), { method: 'GET', path: '/stages' }).catch(() => []);
  if (!Array.isArray(routes)) return [];
  return routes
    .map((one: { readonly route?: unknown } | null) => one?.route)
    .filter((name) => typeof name === 'string')
    .map(printable);
}
