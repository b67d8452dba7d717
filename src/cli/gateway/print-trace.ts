import type { TraceRequest, TraceRow, TraceView } from '../../admin/index.js';
import { longest, MAX_PADDING, printable, printTable } from './printable.js';
import { paint } from './tell.js';

const NARROWEST_BAR = 10;
const WIDEST_BAR = 60;
const TIME_WIDTH = 10;
const MAX_DEPTH = 8;

/** The last requests, one a line. */
export function printTraces(rows: readonly TraceRow[]): string {
  if (rows.length === 0) return 'This instance remembers no request.';
  return printTable([
    ['TRACE', 'AT', 'METHOD', 'ROUTE', 'STATUS', 'MS', 'ERROR'],
    ...rows.map(({ traceId, at, method, route, status, ms, errorCode }) => [
      traceId,
      at,
      method,
      route ?? '-',
      String(status),
      ms.toFixed(1),
      errorCode ?? '',
    ]),
  ]);
}

/** The requests of a trace as waterfalls, at most `columns` wide where that can be. */
export function printTrace({ traceId, requests }: TraceView, columns: number): string {
  return [printable(traceId), ...requests.flatMap((request) => ['', ...waterfall(request, columns)])].join('\n');
}

function waterfall(request: TraceRequest, columns: number): readonly string[] {
  const { method, route, status, ms, at, errorCode, steps } = request;
  const names = steps.map(
    ({ name, depth }) => `${'  '.repeat(Math.max(0, Math.min(depth, MAX_DEPTH)))}${printable(name)}`,
  );
  const nameWidth = Math.min(MAX_PADDING, longest(names));
  const barWidth = Math.min(WIDEST_BAR, Math.max(NARROWEST_BAR, columns - nameWidth - TIME_WIDTH - 20));
  const total = steps.reduce((most, step) => Math.max(most, step.startMs + step.ms), Math.max(ms, Number.MIN_VALUE));
  const paintStatus = (text: string): string =>
    status >= 500 ? paint('red', text) : status >= 400 ? paint('yellow', text) : text;
  return [
    `${printable(`${method} ${route ?? 'no route'}`)}  ${paintStatus(String(status))}  ${ms.toFixed(1)} ms  ${printable(`${at}${errorCode === undefined ? '' : `  ${errorCode}`}`)}`,
    ...circumstances(request),
    ...steps.map(({ startMs, ms: took, note }, i) => {
      const from = Math.min(barWidth - 1, Math.max(0, Math.floor((startMs / total) * barWidth)));
      const to = Math.min(barWidth, Math.max(from + 1, Math.round(((startMs + took) / total) * barWidth)));
      const bar = `${' '.repeat(from)}${'#'.repeat(to - from)}${' '.repeat(barWidth - to)}`;
      const time = `${took.toFixed(took < 10 ? 2 : 1)} ms`.padStart(TIME_WIDTH);
      return `  ${(names[i] ?? '').padEnd(nameWidth)}  ${paint('cyan', bar)} ${time}${note === undefined ? '' : `  ${printable(note)}`}`;
    }),
  ];
}

function circumstances({
  stage,
  arm,
  servedBy,
  cache,
  upstreamMs,
  attempts,
  upstreamFault,
}: TraceRequest): readonly string[] {
  const facts = [
    ...(stage === null ? [] : [`stage ${stage}${arm === undefined ? '' : ` (${arm})`}`]),
    ...(servedBy === undefined ? [] : [`answered by ${servedBy}`]),
    ...(cache === undefined ? [] : [`cache ${cache}`]),
    ...(upstreamMs === undefined ? [] : [`PHP ${upstreamMs.toFixed(1)} ms`]),
    ...(attempts === undefined || attempts < 2 ? [] : [`${attempts} attempts`]),
    ...(upstreamFault === undefined ? [] : [`upstream: ${upstreamFault}`]),
  ];
  return facts.length === 0 ? [] : [printable(`  ${facts.join(', ')}`)];
}
