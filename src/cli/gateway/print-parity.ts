import type { ParityReport, RouteParity } from '../../experiment/index.js';
import { printable } from './printable.js';

const MAX_VALUE = 60;

/** The parity report for people: a block for each route. */
export function printParity({ isParity, routes }: ParityReport): string {
  const lines = routes.flatMap(linesOf);
  const compared = routes.reduce((sum, { match, mismatched }) => sum + match + mismatched, 0);
  const verdict = isParity ? 'Parity: nothing differs' : compared === 0 ? 'Nothing was compared' : 'No parity';
  return [...lines, `${verdict} (${compared} compared).`].map(printable).join('\n');
}

function linesOf(parity: RouteParity): string[] {
  const { route, n, match, mismatched, notComparable, worst, statuses, actions, missingStatuses, reasons } = parity;
  const missing = missingStatuses.length === 0 ? '' : `; not in the fixtures: ${missingStatuses.join(' ')}`;
  return [
    `${route}  ${match} of ${n} match, ${mismatched} differ, ${notComparable} not comparable`,
    `  statuses ${statuses.length === 0 ? 'none' : statuses.join(' ')}${missing}`,
    ...(actions.length === 0 ? [] : [`  actions ${actions.join(' ')}`]),
    ...worst.map(
      ({ field, kind, times, control, candidate }) =>
        `  ${field} ${kind} (${times}): recorded ${short(control)}, answered ${short(candidate)}`,
    ),
    ...Object.entries(reasons).map(([reason, count]) => `  ${count}: ${reason}`),
  ];
}

function short(text: string | undefined): string {
  if (text === undefined) return '-';
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
}
