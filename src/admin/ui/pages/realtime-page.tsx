import type { JSX } from 'preact';
import type { LatencyView, RealtimeView } from '../../admin-api.js';
import { apiUrl } from '../api/addresses.js';
import { formatAgo, formatCount, formatMs } from '../format.js';
import { Badge, type Tone } from '../parts/badge.js';
import { Card, Figures, Page } from '../parts/page.js';
import { Empty, Gate } from '../parts/states.js';
import { Table } from '../parts/table.js';
import { useLive, useLiveAgain } from '../state/use-live.js';
import { useLoad } from '../state/use-load.js';

const REFRESH_MS = 30_000;
/** Characters of a session's id that tell it from the others. */
const ID_SHOWN = 10;
const LATENCIES = [
  ['token', 'Token'],
  ['connect', 'Connect'],
  ['firstAudio', 'First audio'],
  ['firstTranscript', 'First transcript'],
] as const;
const STATES: Readonly<Record<RealtimeView['sessions'][number]['state'], Tone>> = {
  unauthenticated: 'warn',
  authenticated: 'info',
  connected: 'good',
};
/** RFC 6455, section 7.4.1, and the contract's own. */
const CLOSE_CODES: Readonly<Record<string, string>> = {
  '1000': 'ended well',
  '1005': 'ended without a code',
  '1001': 'gateway or page went away',
  '1006': 'connection lost',
  '1008': 'too many messages',
  '1009': 'frame too large',
  '1011': 'fault of the gateway',
  '4001': 'not authenticated in time',
  '4003': 'token refused or ended',
  '4008': 'idle too long',
};

/** Voice: who talks, how quickly, and how it ends. */
export function RealtimePage(): JSX.Element {
  const loaded = useLoad<RealtimeView>(apiUrl('realtime'), REFRESH_MS);
  useLive('realtime', (view) => loaded.patch(() => view));
  useLiveAgain(loaded.reload);
  return (
    <Page title="Realtime" lead="Voice sessions: how quickly they begin, and how they end.">
      <Gate loaded={loaded} what="the sessions">
        {(view) => (
          <>
            <Figures
              items={[
                {
                  label: 'Open sessions',
                  value: formatCount(view.open),
                  note: view.isSocketOn ? '' : 'the socket is off',
                },
                ...LATENCIES.map(([name, label]) => latencyFigure(label, view.latency[name])),
              ]}
            />
            <div class="grid">
              <Card title="Sessions" note="the way round, by this gateway" isWide>
                <Sessions view={view} />
              </Card>
              <Card title="Close codes" note="since this instance started" isWide>
                <Closes closes={view.closes} />
              </Card>
            </div>
          </>
        )}
      </Gate>
    </Page>
  );
}

function latencyFigure(
  label: string,
  { count, p50, p95 }: LatencyView,
): { label: string; value: string; note: string } {
  return {
    label: `${label}, p95`,
    value: formatMs(p95),
    note: count === 0 ? 'none yet' : `p50 ${formatMs(p50)}, ${formatCount(count)}`,
  };
}

function Sessions({ view }: { readonly view: RealtimeView }): JSX.Element {
  if (!view.isSocketOn && view.sessions.length === 0)
    return (
      <Empty>
        Clients speak with the provider directly. The socket of this gateway is off: <code>ENABLE_WS_PROXY</code>.
      </Empty>
    );
  if (view.sessions.length === 0) return <Empty>Nobody is connected.</Empty>;
  return (
    <Table
      label="Sessions"
      rows={view.sessions}
      keyOf={({ id }) => id}
      columns={[
        { title: 'Session', kind: 'code', cell: ({ id }) => <span title={id}>{id.slice(0, ID_SHOWN)}</span> },
        { title: 'Who', kind: 'code', isExtra: true, cell: ({ who }) => who ?? 'unknown' },
        { title: 'State', cell: ({ state }) => <Badge tone={STATES[state]} text={state} /> },
        { title: 'Since', kind: 'time', cell: ({ since }) => formatAgo(since) },
        { title: 'In', kind: 'number', cell: ({ framesIn }) => formatCount(framesIn) },
        { title: 'Out', kind: 'number', cell: ({ framesOut }) => formatCount(framesOut) },
      ]}
    />
  );
}

function Closes({ closes }: Pick<RealtimeView, 'closes'>): JSX.Element {
  if (closes.length === 0) return <Empty>No session has ended yet.</Empty>;
  const most = Math.max(...closes.map(({ count }) => count), 1);
  return (
    <ul class="bars">
      {closes.map(({ code, count }) => (
        <li key={code}>
          <span>
            {code} <span class="soft">{CLOSE_CODES[code] ?? ''}</span>
          </span>
          <svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <rect width={(count / most) * 100} height={1} />
          </svg>
          <b>{formatCount(count)}</b>
        </li>
      ))}
    </ul>
  );
}
