import type { JSX } from 'preact';
import type { SecurityEvent, SecurityKind, SecurityView } from '../../admin-api.js';
import { apiUrl } from '../api/addresses.js';
import { type Series, TimeChart } from '../chart/time-chart.js';
import { formatAgo, formatClock, formatCount, formatDay, NOTHING, plural } from '../format.js';
import { Badge, type Tone } from '../parts/badge.js';
import { Card, Figures, Page } from '../parts/page.js';
import { Empty, Gate } from '../parts/states.js';
import { Table } from '../parts/table.js';
import { hrefTo } from '../state/place.js';
import { useLive, useLiveAgain } from '../state/use-live.js';
import { useLoad } from '../state/use-load.js';

const REFRESH_MS = 30_000;
const SHOWN = 60;
const MINUTE = 60;
const KINDS: Readonly<Record<SecurityKind, readonly [string, Tone]>> = {
  'rate-limited': ['Limits hit', 'warn'],
  'origin-denied': ['Origins denied', 'bad'],
  'csrf-failed': ['CSRF stopped', 'bad'],
  unauthenticated: ['Not signed in', 'plain'],
  forbidden: ['Role missing', 'warn'],
  'login-failed': ['Failed logins', 'bad'],
  'signature-failed': ['Bad signatures', 'bad'],
  'secret-stopped': ['Secrets stopped', 'bad'],
  'bad-request': ['Malformed', 'plain'],
};
/** What is only malformed is told beside the list. */
const SHOWN_KINDS = (Object.keys(KINDS) as SecurityKind[]).filter((kind) => kind !== 'bad-request');

/** What was refused, and what browsers reported. */
export function SecurityPage(): JSX.Element {
  const loaded = useLoad<SecurityView>(apiUrl('security'), REFRESH_MS);
  useLive('security', (event) => loaded.patch((view) => addEvent(view, event)));
  useLiveAgain(loaded.reload);
  return (
    <Page title="Security" lead="What was refused, and what browsers reported. Callers are pseudonyms.">
      <Gate loaded={loaded} what="the refusals">
        {(view) => (
          <>
            <Figures
              isDense
              items={SHOWN_KINDS.map((kind) => ({
                label: KINDS[kind][0],
                value: formatCount(view.counts[kind]),
                ...(view.counts[kind] > 0 && KINDS[kind][1] === 'bad' ? { tone: 'bad' as const } : {}),
              }))}
            />
            <div class="grid">
              <div class="card wide">
                <RefusalChart points={view.points} />
              </div>
              <Card
                title="Refusals"
                note={`latest first; besides, ${plural(view.counts['bad-request'], 'malformed request')}`}
                isWide
              >
                <Recent events={view.recent.slice(0, SHOWN)} />
              </Card>
              <Card title="CSP reports" note="what pages tried to load against their policy" isWide>
                <CspReports reports={view.csp} />
              </Card>
            </div>
          </>
        )}
      </Gate>
    </Page>
  );
}

/** By group, minute by minute; minutes in which nothing happened stand there as such. */
function RefusalChart({ points }: Pick<SecurityView, 'points'>): JSX.Element {
  // This minute, by whichever clock is ahead: an hour in which nothing happened is told as one.
  const end = Math.max(points.at(-1)?.at ?? 0, Math.floor(Date.now() / 60_000) * MINUTE);
  const byMinute = new Map(points.map((point) => [point.at, point.counts]));
  const at = Array.from({ length: 60 }, (_, index) => end - (59 - index) * MINUTE);
  const sum = (...kinds: SecurityKind[]): number[] =>
    at.map((when) => kinds.reduce((all, kind) => all + (byMinute.get(when)?.[kind] ?? 0), 0));
  const series: readonly Series[] = [
    { label: 'Limits', ink: 'cache', values: sum('rate-limited') },
    { label: 'Logins and tokens', ink: 'bad', values: sum('login-failed', 'unauthenticated', 'forbidden') },
    { label: 'Origins and CSRF', ink: 'gateway', values: sum('origin-denied', 'csrf-failed') },
    { label: 'Others', ink: 'soft', values: sum('signature-failed', 'secret-stopped', 'bad-request') },
  ];
  const total = points
    .filter(({ at: minute }) => minute > end - 60 * MINUTE)
    .reduce((all, { counts }) => all + Object.values(counts).reduce((a, b) => a + b, 0), 0);
  return (
    <TimeChart
      title="Refusals in each minute"
      summary={`${formatCount(total)} refusals in the last hour.`}
      at={at}
      series={series}
      isStacked
      atLeast={5}
      format={formatCount}
    />
  );
}

function Recent({ events }: { readonly events: readonly SecurityEvent[] }): JSX.Element {
  if (events.length === 0) return <Empty>Nothing was refused.</Empty>;
  return (
    <Table
      label="Refusals"
      rows={events}
      keyOf={({ traceId, at }, index) => `${traceId} ${at} ${index}`}
      columns={[
        { title: 'Time', kind: 'time', cell: ({ at }) => formatClock(at) },
        { title: 'What', cell: ({ kind }) => <Badge tone={KINDS[kind][1]} text={kind} /> },
        { title: 'Route', cell: ({ route }) => route ?? NOTHING },
        { title: 'Status', kind: 'number', cell: ({ status }) => String(status) },
        { title: 'Who', kind: 'code', cell: ({ who }) => who },
        { title: 'Trace', isExtra: true, cell: ({ traceId }) => <a href={hrefTo('trace', traceId)}>Show</a> },
      ]}
    />
  );
}

function CspReports({ reports }: { readonly reports: SecurityView['csp'] }): JSX.Element {
  if (reports.length === 0) return <Empty>No browser has reported a breach.</Empty>;
  return (
    <Table
      label="CSP reports"
      rows={reports}
      keyOf={({ directive, blocked, page }) => `${directive} ${blocked} ${page}`}
      columns={[
        { title: 'Directive', kind: 'code', cell: ({ directive }) => directive },
        { title: 'Blocked', kind: 'code', cell: ({ blocked }) => blocked },
        { title: 'Page', kind: 'code', cell: ({ page }) => page },
        { title: 'Policy', isExtra: true, cell: ({ disposition }) => disposition },
        { title: 'Times', kind: 'number', cell: ({ count }) => formatCount(count) },
        {
          title: 'Last',
          kind: 'time',
          isExtra: true,
          cell: ({ lastAt }) => <time title={formatDay(lastAt)}>{formatAgo(lastAt)}</time>,
        },
      ]}
    />
  );
}

function addEvent(view: SecurityView, event: SecurityEvent): SecurityView {
  const minute = Math.floor(new Date(event.at).getTime() / 60_000) * MINUTE;
  const last = view.points.at(-1);
  const held = last?.at === minute ? last.counts : {};
  const point = { at: minute, counts: { ...held, [event.kind]: (held[event.kind] ?? 0) + 1 } };
  return {
    ...view,
    counts: { ...view.counts, [event.kind]: view.counts[event.kind] + 1 },
    points: [...(last?.at === minute ? view.points.slice(0, -1) : view.points), point],
    recent: [event, ...view.recent].slice(0, 200),
  };
}
