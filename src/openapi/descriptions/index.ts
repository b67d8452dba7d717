import type { JsonSchema } from '../../contract/index.js';
import type { Route } from '../../routing/index.js';
import type { AreaDescription, RouteDescription } from '../route-description.js';
import { ADMINISTRATION } from './administration.js';
import { SALES, SECRETARY, SYSTEM_STATS } from './boards.js';
import { CHAT } from './chat.js';
import { CONVERSATIONS } from './conversations.js';
import { MARKETING } from './marketing.js';
import { PAGES } from './pages.js';
import { REALTIME, RETIRED } from './realtime.js';
import { SETTINGS } from './settings.js';
import { PHP_LOGIN, PHP_LOGOUT, PHP_SESSION, TOKENS } from './sign-in.js';
import { PHP_HEALTH, SYSTEM } from './system.js';
import { TELNYX, VOICE } from './voice.js';

const AREAS: readonly AreaDescription[] = [
  TOKENS,
  PHP_LOGIN,
  PHP_LOGOUT,
  PHP_SESSION,
  CHAT,
  CONVERSATIONS,
  SETTINGS,
  MARKETING,
  SALES,
  SECRETARY,
  SYSTEM_STATS,
  VOICE,
  TELNYX,
  REALTIME,
  RETIRED,
  SYSTEM,
  PHP_HEALTH,
  ADMINISTRATION,
  ...PAGES,
];

/**
 * What is known of a route beside the table: `undefined` when nobody has described it, `null` when there is nothing to tell. A route of
 * a team's own table that happens to have the name of one of ours, at another path, has no description.
 */
export function descriptionOf(route: Route, method: string): RouteDescription | null | undefined {
  for (const { path, routes } of AREAS) {
    if (path === undefined ? route.handler === undefined : path !== route.match.path) continue;
    const named = [`${route.name} ${method.toUpperCase()}`, route.name].find((name) => Object.hasOwn(routes, name));
    if (named !== undefined) return routes[named];
  }
  return undefined;
}

/** The schemas that descriptions refer to by name. */
export function describedSchemas(): Readonly<Record<string, JsonSchema>> {
  return Object.assign({}, ...AREAS.map(({ schemas }) => schemas ?? {})) as Record<string, JsonSchema>;
}
