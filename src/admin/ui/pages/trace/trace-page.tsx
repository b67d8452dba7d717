import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { TraceRow, TraceView } from '../../../admin-api.js';
import { apiUrl } from '../../api/addresses.js';
import { formatClock, formatMs, NOTHING } from '../../format.js';
import { StatusBadge } from '../../parts/badge.js';
import { Card, Page } from '../../parts/page.js';
import { Segments } from '../../parts/segments.js';
import { Empty, Gate } from '../../parts/states.js';
import { Table } from '../../parts/table.js';
import { go, hrefTo } from '../../state/place.js';
import { useLoad } from '../../state/use-load.js';
import type { PageProps } from '../index.js';
import { Waterfall } from './waterfall.js';

const REFRESH_MS = 5000;
const SLOW_MS = 500;
const KINDS = [
  ['all', 'Recent'],
  ['slow', 'Slow'],
  ['failed', 'Failed'],
] as const;

/** One request's way, step by step; and the requests that can be looked at. */
export function TracePage({ name }: PageProps): JSX.Element {
  const [text, setText] = useState(name);
  useEffect(() => {
    setText(name);
    // The steps stand above the list in which it was chosen.
    if (name !== '') scrollTo(0, 0);
  }, [name]);
  const submit = (event: Event): void => {
    event.preventDefault();
    const id = traceIdOf(text);
    if (id !== '') go('trace', id);
  };
  return (
    <Page title="Trace" lead="A request’s way through the gateway, step by step.">
      <form class="trace-form filters" role="search" onSubmit={submit}>
        <input
          type="search"
          class="code"
          aria-label="Trace id"
          placeholder="Trace id, or a traceparent"
          spellcheck={false}
          autocomplete="off"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="primary">
          Show
        </button>
      </form>
      {name !== '' && <OneTrace key={name} id={name} />}
      <TraceList current={name} />
    </Page>
  );
}

function OneTrace({ id }: { readonly id: string }): JSX.Element {
  const loaded = useLoad<TraceView>(apiUrl('traces', id));
  return (
    <div class="trace-one">
      <Gate loaded={loaded} what="the trace">
        {({ requests }) => (
          <>
            {requests.map((request, index) => (
              <Waterfall key={`${request.at} ${index}`} request={request} />
            ))}
          </>
        )}
      </Gate>
    </div>
  );
}

function TraceList({ current }: { readonly current: string }): JSX.Element {
  const loaded = useLoad<readonly TraceRow[]>(apiUrl('traces'), REFRESH_MS);
  const [kind, setKind] = useState<string>('all');
  return (
    <Card
      title="Requests"
      note="that this instance remembers"
      isWide
      actions={<Segments label="Which requests" value={kind} options={KINDS} onChange={setKind} />}
    >
      <Gate loaded={loaded} what="the requests">
        {(rows) => {
          const shown = rows.filter((row) => isMeant(row, kind));
          if (shown.length === 0)
            return <Empty>{kind === 'all' ? 'Nothing was asked yet.' : 'There is none of this kind.'}</Empty>;
          return (
            <Table
              label="Requests"
              rows={shown}
              keyOf={({ traceId, at }, index) => `${traceId} ${at} ${index}`}
              isCurrent={({ traceId }) => traceId === current}
              columns={[
                { title: 'Time', kind: 'time', cell: ({ at }) => formatClock(at) },
                {
                  title: 'Request',
                  cell: ({ method, route, traceId }) => (
                    <a class="route-name" href={hrefTo('trace', traceId)}>
                      {method} {route ?? 'no route'}
                    </a>
                  ),
                },
                { title: 'Status', cell: ({ status }) => <StatusBadge status={status} /> },
                { title: 'Took', kind: 'number', cell: ({ ms }) => formatMs(ms) },
                { title: 'Error', kind: 'code', isExtra: true, cell: ({ errorCode }) => errorCode ?? NOTHING },
                { title: 'Trace id', kind: 'code', isExtra: true, cell: ({ traceId }) => traceId },
              ]}
            />
          );
        }}
      </Gate>
    </Card>
  );
}

function isMeant({ ms, status }: TraceRow, kind: string): boolean {
  return kind === 'all' || (kind === 'slow' ? ms >= SLOW_MS : status >= 400);
}

/** The id in what was pasted: in a `traceparent`, alone, which a client may have chosen, or with a text around it. */
function traceIdOf(text: string): string {
  const bare = text.trim();
  const [, ofParent] = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-/i.exec(bare) ?? [];
  if (ofParent !== undefined) return ofParent.toLowerCase();
  if (/^[\w-]{8,64}$/.test(bare)) return bare;
  return /[0-9a-f]{32}/.exec(bare.toLowerCase())?.[0] ?? bare;
}
