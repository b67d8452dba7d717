import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { OverviewView } from '../../../admin-api.js';
import { access } from '../../api/access.js';
import { apiUrl } from '../../api/addresses.js';
import { formatAgo, formatBytes, formatCount, formatMs, formatRate, formatShare, NOTHING } from '../../format.js';
import { Figures, Page } from '../../parts/page.js';
import { Gate } from '../../parts/states.js';
import { Segments } from '../../parts/segments.js';
import { useLive, useLiveAgain } from '../../state/use-live.js';
import { useStore } from '../../state/store.js';
import { useLoad } from '../../state/use-load.js';
import { HealthCards } from './health-cards.js';
import { addPoint, lastPoints, summarizeNow } from './traffic.js';
import { TrafficCharts } from './traffic-charts.js';

const SPANS = [
  ['300', '5 min'],
  ['900', '15 min'],
  ['3600', '1 h'],
] as const;

/** What the gateway does at the moment. */
export function OverviewPage(): JSX.Element {
  const loaded = useLoad<OverviewView>(apiUrl('overview'));
  const here = useStore(access);
  const [span, setSpan] = useState<string>('900');
  useLive('point', (point) => loaded.patch((view) => addPoint(view, point)));
  useLive('state', (state) => loaded.patch((view) => ({ ...view, ...state })));
  useLiveAgain(loaded.reload);
  return (
    <Page
      title="Overview"
      lead={`What this instance${here.kind === 'in' ? ` (${here.session.gateway.instance})` : ''} does at the moment.`}
      actions={<Segments label="Time span" value={span} options={SPANS} onChange={setSpan} />}
    >
      <Gate loaded={loaded} what="the overview">
        {(view) => (
          <>
            <NowFigures view={view} />
            <TrafficCharts points={lastPoints(view.points, Number(span))} stepS={view.stepS} />
            <HealthCards view={view} />
          </>
        )}
      </Gate>
    </Page>
  );
}

function NowFigures({ view }: { readonly view: OverviewView }): JSX.Element {
  const now = summarizeNow(view);
  const { totals, openRequests, loopDelayP99, memoryBytes } = view;
  return (
    <Figures
      items={[
        { label: 'Requests', value: formatRate(now.rate), note: `${formatCount(totals.requests)} in all` },
        {
          label: 'Errors',
          value: formatShare(now.errorShare),
          note: `${formatCount(totals.errors)} in all`,
          tone: now.errorShare > 0.05 ? 'bad' : now.errorShare > 0.01 ? 'warn' : undefined,
        },
        { label: 'Time, p95', value: formatMs(now.p95), note: now.p99 === undefined ? '' : `p99 ${formatMs(now.p99)}` },
        { label: 'Cache hits', value: now.hitShare === undefined ? NOTHING : formatShare(now.hitShare) },
        { label: 'Under way', value: formatCount(openRequests), note: `loop ${formatMs(loopDelayP99)}` },
        { label: 'Memory', value: formatBytes(memoryBytes), note: `up ${formatAgo(totals.since).replace(' ago', '')}` },
      ]}
    />
  );
}
