import type { JSX } from 'preact';
import { apiUrl } from '../../api/addresses.js';
import type { ReplicationView } from '../../api/report-types.js';
import { formatCount, formatDay, formatDuration } from '../../format.js';
import { Card, Facts } from '../../parts/page.js';
import { Empty, Gate } from '../../parts/states.js';
import { useLoad } from '../../state/use-load.js';

const REFRESH_MS = 15_000;

/** Changes by native handlers that PHP may not have yet. */
export function ReplicationCard(): JSX.Element {
  const loaded = useLoad<ReplicationView>(apiUrl('replication'), REFRESH_MS);
  return (
    <Card title="Replication" note="changes that PHP may not have yet">
      <Gate loaded={loaded} what="the backlog">
        {({ isKnown, hasBridge, pending, owners, oldestMs, lastFailure }) => {
          if (!hasBridge) return <Empty>No upstream is told of changes.</Empty>;
          if (!isKnown) return <Empty>The backlog is not known: the database has not been started yet.</Empty>;
          return (
            <Facts
              items={[
                ['Waiting', pending === 0 ? 'nothing' : `${formatCount(pending)}, of ${formatCount(owners)} people`],
                ['The oldest', pending === 0 ? '–' : `waits for ${formatDuration(oldestMs)}`],
                ['Last failure', lastFailure === null ? 'none' : `${lastFailure.fault}, ${formatDay(lastFailure.at)}`],
              ]}
            />
          );
        }}
      </Gate>
    </Card>
  );
}
