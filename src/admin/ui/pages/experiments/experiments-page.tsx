import type { JSX } from 'preact';
import type { ExperimentRow } from '../../../admin-api.js';
import { apiUrl } from '../../api/addresses.js';
import { formatCount, NOTHING } from '../../format.js';
import { Badge, StageBadge } from '../../parts/badge.js';
import { Page } from '../../parts/page.js';
import { Empty, Gate } from '../../parts/states.js';
import { Table } from '../../parts/table.js';
import { hrefTo } from '../../state/place.js';
import { useLive } from '../../state/use-live.js';
import { useLoad } from '../../state/use-load.js';
import type { PageProps } from '../index.js';
import { ACTION_TONES } from './action-tones.js';
import { ExperimentDetail } from './experiment-detail.js';

const REFRESH_MS = 10_000;

/** Native handlers beside PHP, and whether they may take its place. */
export function ExperimentsPage({ name }: PageProps): JSX.Element {
  return name === '' ? <ExperimentList /> : <ExperimentDetail key={name} name={name} />;
}

function ExperimentList(): JSX.Element {
  const loaded = useLoad<readonly ExperimentRow[]>(apiUrl('experiments'), REFRESH_MS);
  useLive('route', loaded.reload);
  return (
    <Page
      title="Experiments"
      lead="Native handlers beside PHP: what was compared, and what is missing for the next step."
    >
      <Gate loaded={loaded} what="the experiments">
        {(rows) => (
          <section class="card" aria-label="Experiments">
            {rows.length === 0 ? (
              <Empty>No route has both an upstream and a native handler: there is nothing to compare.</Empty>
            ) : (
              <Table
                label="Experiments"
                rows={rows.toSorted((a, b) => b.compared - a.compared)}
                keyOf={({ route }) => route}
                columns={[
                  {
                    title: 'Route',
                    cell: ({ route }) => (
                      <a class="route-name" href={hrefTo('experiments', route)}>
                        {route}
                      </a>
                    ),
                  },
                  { title: 'Stage', cell: ({ effective }) => <StageBadge staging={effective} /> },
                  { title: 'Compared', kind: 'number', cell: ({ compared }) => formatCount(compared) },
                  { title: 'Differed', kind: 'number', cell: ({ differed }) => <Bad count={differed} /> },
                  { title: 'Errors', kind: 'number', cell: ({ candidateErrors }) => <Bad count={candidateErrors} /> },
                  {
                    title: 'Verdict',
                    cell: ({ action }) =>
                      action === undefined ? NOTHING : <Badge tone={ACTION_TONES[action]} text={action} />,
                  },
                  { title: 'Waits for', isExtra: true, cell: ({ waitsFor }) => waitsFor ?? NOTHING },
                ]}
              />
            )}
          </section>
        )}
      </Gate>
    </Page>
  );
}

function Bad({ count }: { readonly count: number }): JSX.Element {
  return <span class={count > 0 ? 'text-bad' : ''}>{formatCount(count)}</span>;
}
