import { longest, MAX_PADDING, printable } from './printable.js';
import { paint } from './tell.js';

interface Staged {
  readonly stage: string;
  readonly weight?: number;
}

interface StagedRoute {
  readonly route: string;
  readonly path: string;
  readonly methods: readonly string[];
  readonly actions?: readonly string[];
  readonly effective: Staged;
  readonly inTable: Staged;
  readonly override: (Staged & { readonly by: string; readonly reason: string; readonly at: string }) | null;
  readonly possible: readonly string[];
  readonly canary: { readonly control: number; readonly candidate: number; readonly fallbacks: number };
}

interface Change {
  readonly at: string;
  readonly by: string;
  readonly reason: string;
  readonly from: Staged;
  readonly to: Staged;
  readonly isCleared: boolean;
}

/** Of stages. */
const COLOURS = { proxy: 'gray', mirror: 'blue', canary: 'yellow', replaced: 'green' } as const;

/** A table of routes; without `isAll` only those whose stage can be changed. */
export function printStages(data: unknown, { isAll }: { readonly isAll: boolean }): string {
  const routes = (data as readonly StagedRoute[]).filter(({ possible }) => isAll || possible.length > 1);
  if (routes.length === 0)
    return 'No route has both an upstream and a handler: there is no stage to change. See all with --all';
  const rows = [
    ['ROUTE', 'STAGE', 'SAID BY'],
    ...routes.map((route) => [
      route.route,
      said(route.effective),
      route.override === null ? 'routes.yaml' : `${route.override.by}: ${route.override.reason}`,
    ]),
  ];
  const widths = [0, 1].map((column) => Math.min(MAX_PADDING, longest(rows.map((row) => row[column] ?? ''))));
  return rows
    .map(
      ([name = '', stage = '', why = '']) =>
        printable(`${name.padEnd(widths[0] ?? 0)}  `) +
        paintStage(printable(stage.padEnd(widths[1] ?? 0))) +
        printable(`  ${why}`),
    )
    .join('\n');
}

/** One route, a fact a line. */
export function printRoute(data: unknown): string {
  const { route, path, methods, actions, effective, inTable, override, possible, canary } = data as StagedRoute;
  const action = actions === undefined ? '' : `, action ${actions.join(' | ')}`;
  return [
    `${printable(route)}  ${paintStage(printable(said(effective)))}`,
    printable(`  matches      ${methods.length === 0 ? 'any method' : methods.join(' ')} ${path}${action}`),
    printable(`  routes.yaml  ${said(inTable)}`),
    printable(
      `  override     ${override === null ? 'none' : `${said(override)}, by ${override.by}, ${override.at}: ${override.reason}`}`,
    ),
    printable(`  possible     ${possible.join(', ')}`),
    ...(effective.stage === 'canary' || canary.candidate + canary.control > 0
      ? [
          `  canary       ${canary.candidate} answered natively (${canary.fallbacks} of them by PHP in the end), ${canary.control} by PHP, since this instance started`,
        ]
      : []),
    ...(effective.stage === 'proxy' || !possible.includes('proxy')
      ? []
      : [printable(`  back         npm run gateway -- stage ${route} proxy --reason "…"`)]),
  ].join('\n');
}

/** A change a line, latest first. */
export function printHistory(data: unknown): string {
  const changes = data as readonly Change[];
  if (changes.length === 0) return 'Its stage was never changed at run time.';
  return changes
    .map(({ at, by, reason, from, to, isCleared }) =>
      printable(`${at}  ${said(from)} → ${said(to)}${isCleared ? ' (routes.yaml)' : ''}  ${by}: ${reason}`),
    )
    .join('\n');
}

function said({ stage, weight }: Staged): string {
  return weight === undefined ? stage : `${stage} ${weight} %`;
}

/** A stage in its colour. */
export function paintStage(text: string): string {
  const [stage = ''] = text.split(' ');
  const colour = Object.entries(COLOURS).find(([name]) => name === stage)?.[1];
  return colour === undefined ? text : paint(colour, text);
}
