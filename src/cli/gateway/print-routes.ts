import type { MatchView, RouteView } from '../../admin/index.js';
import { printable, printTable } from './printable.js';
import { paintStage } from './print-stages.js';

const STAGE_COLUMN = 2;
/** Actions that a table has room for. */
const SHOWN_ACTIONS = 2;

type Fact = readonly [name: string, fact: string];

/** A table of all routes. */
export function printRoutes(routes: readonly RouteView[]): string {
  const rows = [
    ['ROUTE', 'MATCHES', 'STAGE', 'ANSWERED BY', 'WHO MAY', 'LIMITS'],
    ...routes.map((route) => [
      route.route,
      shortMatchOf(route),
      route.upstream === undefined ? '-' : stageOf(route.effective),
      answererOf(route),
      whoMay(route),
      route.policies.rateLimit.map(limitOf).join(', '),
    ]),
  ];
  return printTable(rows, (cell, column) => (column === STAGE_COLUMN ? paintStage(cell) : cell));
}

/** One route, and what its requests must pass in the order in which they do. */
export function printRouteInFull(route: RouteView): string {
  const { effective, inTable, override, possible, recent } = route;
  const facts: readonly Fact[] = [
    ['matches', matchOf(route)],
    ['stage', route.upstream === undefined ? 'none: it has no PHP side' : stageOf(effective)],
    ...(override === null
      ? []
      : [['', `routes.yaml says ${stageOf(inTable)}; ${override.by}, ${override.at}: ${override.reason}`] as const]),
    ['possible', possible.join(', ')],
    ['answered by', answererOf(route)],
    ['recently', recentOf(recent)],
  ];
  const passes = passesOf(route);
  return [
    printable(route.route),
    ...facts.map(([name, fact]) => printable(`  ${name.padEnd(12)} ${fact}`)),
    '  a request passes, in this order',
    ...passes.map(([name, fact]) => printable(`    ${name.padEnd(10)} ${fact}`)),
  ].join('\n');
}

/** As `src/pipeline.ts` has them. */
function passesOf(route: RouteView): readonly Fact[] {
  const { methods, policies } = route;
  const { authorization, concurrency, cache, invalidates, rateLimit, signature, input } = policies;
  const limits = (isMeant: (limit: (typeof rateLimit)[number]) => boolean): readonly Fact[] =>
    rateLimit.filter(isMeant).map((limit): Fact => ['limit', `${limit.name}: ${limitOf(limit)}`]);
  const atATime = (count: number | undefined, whose: string): readonly Fact[] =>
    count === undefined ? [] : [['at a time', `${count} ${whose}`]];
  const writesByCookie =
    authorization.anyOf.includes('php-session') && methods.some((method) => method !== 'GET' && method !== 'HEAD');
  return [
    ['origin', `CORS by ${policies.cors}`],
    ...limits(({ per, field }) => per === 'ip' && field === undefined),
    ...atATime(concurrency.caller, 'of a caller'),
    ['identity', whoMay(route)],
    ...(writesByCookie ? [['csrf', 'proof, where a cookie says who it is'] as const] : []),
    ...limits(({ per, field }) => per === 'identity' && field === undefined),
    ['body', `at most ${policies.maxBodyBytes} bytes`],
    ...atATime(concurrency.route, 'in all'),
    ...limits(({ field }) => field !== undefined),
    ...(signature === undefined ? [] : [['signature', signature] as const]),
    ...(input === undefined ? [] : [['input', input] as const]),
    ...(invalidates.length === 0 ? [] : [['voids', invalidates.join(', ')] as const]),
    ...(cache === undefined ? [] : [['cache', `${cache.ttlS} s, by ${cache.vary}${tagsOf(cache.tags)}`] as const]),
    ['time', `${policies.timeoutMs} ms for an answer`],
    ['answer', `envelope ${policies.envelope}, secrets looked for: ${policies.secretScan}`],
  ];
}

/** Which route a request meets. */
export function printMatch(found: MatchView, route: RouteView | undefined): string {
  const asked = `${found.method} ${found.target}`;
  const lines = (text: string): string => printable(text);
  switch (found.kind) {
    case 'refused':
      return lines(`${asked} is refused: ${found.reason ?? ''}`);
    case 'no-route':
      return lines(`${asked} meets no route: 404`);
    case 'method-not-allowed':
      return lines(`${asked} meets no route with this method: 405, allowed ${found.allow ?? ''}`);
    case 'no-action':
      return lines(`${asked} meets no route with this action; there is ${actionsOf(found)}`);
    case 'route':
      return [
        lines(`${asked} → ${found.route ?? ''}`),
        lines(`  read as ${found.path ?? ''}`),
        ...(found.isByBody === true
          ? [
              lines(
                `  the body may name an action, and so another route: ${actionsOf(found)}; until it is read, the strictest of them hold`,
              ),
            ]
          : []),
        ...(route === undefined ? [] : [printRouteInFull(route)]),
      ].join('\n');
  }
}

function actionsOf({ byAction = {} }: MatchView): string {
  return Object.entries(byAction)
    .map(([action, route]) => `${action} → ${route}`)
    .join(', ');
}

function shortMatchOf(route: RouteView): string {
  const { actions = [] } = route;
  if (actions.length <= SHOWN_ACTIONS) return matchOf(route);
  return matchOf({
    ...route,
    actions: [...actions.slice(0, SHOWN_ACTIONS), `and ${actions.length - SHOWN_ACTIONS} more`],
  });
}

function matchOf({ path, methods, actions }: RouteView): string {
  const action = actions === undefined ? '' : ` action ${actions.join('|')}`;
  // HEAD goes where GET does.
  const told = methods.includes('GET') ? methods.filter((method) => method !== 'HEAD') : methods;
  return `${told.length === 0 ? '*' : told.join(',')} ${path}${action}`;
}

function stageOf({ stage, weight }: { readonly stage: string; readonly weight?: number }): string {
  return weight === undefined ? stage : `${stage} ${weight} %`;
}

function answererOf({ upstream, handler, effective }: RouteView): string {
  if (upstream === undefined) return handler ?? '-';
  if (handler === undefined || effective.stage === 'proxy') return upstream;
  switch (effective.stage) {
    case 'mirror':
      return `${upstream}, compared with ${handler}`;
    case 'canary':
      return `${upstream}, ${handler} for ${effective.weight ?? 0} of 100 callers`;
    case 'replaced':
      return handler;
  }
}

function whoMay({ policies: { authorization } }: RouteView): string {
  const { anyOf, roles, optional } = authorization;
  if (anyOf.length === 0) return 'everybody';
  const proof = anyOf.join(' or ');
  if (optional) return `everybody, known by ${proof}`;
  return roles.length === 0 ? proof : `${proof}, role ${roles.join(' or ')}`;
}

function limitOf({ limit, windowS, per, field }: RouteView['policies']['rateLimit'][number]): string {
  const of = field === undefined ? '' : per === 'field' ? ` ${field}` : ` that names ${field}`;
  return `${limit} in ${windowS} s per ${per}${of}`;
}

function tagsOf(tags: readonly string[]): string {
  return tags.length === 0 ? '' : `, tags ${tags.join(', ')}`;
}

function recentOf({ rate, errorShare, p50, p95 }: RouteView['recent']): string {
  const times = p50 === undefined || p95 === undefined ? '' : `, p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`;
  return `${rate.toFixed(2)} requests a second, ${(errorShare * 100).toFixed(1)} % errors${times}`;
}
