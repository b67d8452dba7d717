import { styleText } from 'node:util';

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

const COLOURS = { proxy: 'gray', mirror: 'blue', canary: 'yellow', replaced: 'green' } as const;

/** A table of routes; without `isAll` only those whose stage can be changed. */
export function printStages(data: unknown, { isAll, hasColours }: { isAll: boolean; hasColours: boolean }): string {
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
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map(
      ([name = '', stage = '', why = '']) =>
        printable(`${name.padEnd(widths[0] ?? 0)}  `) +
        paint(printable(stage.padEnd(widths[1] ?? 0)), hasColours) +
        printable(`  ${why}`),
    )
    .join('\n');
}

/** One route, a fact a line. */
export function printRoute(data: unknown, { hasColours }: { hasColours: boolean }): string {
  const { route, path, methods, actions, effective, inTable, override, possible, canary } = data as StagedRoute;
  const action = actions === undefined ? '' : `, action ${actions.join(' | ')}`;
  return [
    `${printable(route)}  ${paint(printable(said(effective)), hasColours)}`,
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

function paint(text: string, hasColours: boolean): string {
  const [stage = ''] = text.split(' ');
  const colour = Object.entries(COLOURS).find(([name]) => name === stage)?.[1];
  return hasColours && colour !== undefined ? styleText(colour, text, { validateStream: false }) : text;
}

/** What others wrote does not steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?');
}

/** JSON for machines, of the same value, which does not steer the terminal that it is shown in either. */
export function printableJson(value: unknown): string {
  // What JSON leaves as it is, besides the ends of its own lines; by halves, as JSON spells what is beyond 16 bits.
  return JSON.stringify(value, undefined, 2).replace(/[^\P{C}\n]/gu, (text) =>
    Array.from(text.split(''), (half) => `\\u${half.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  );
}
