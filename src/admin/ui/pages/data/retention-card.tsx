import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { callApi } from '../../api/access.js';
import { apiUrl } from '../../api/addresses.js';
import type { RetentionRun, RetentionView } from '../../api/report-types.js';
import { formatCount, formatDay, formatDuration, plural } from '../../format.js';
import { Badge, type Tone } from '../../parts/badge.js';
import { ConfirmDialog } from '../../parts/dialog.js';
import { Card } from '../../parts/page.js';
import { Empty, Gate } from '../../parts/states.js';
import { Table } from '../../parts/table.js';
import { useLoad } from '../../state/use-load.js';

const REFRESH_MS = 30_000;
const TONES: Readonly<Record<string, Tone>> = {
  running: 'info',
  complete: 'good',
  unfinished: 'warn',
  incomplete: 'bad',
  abandoned: 'bad',
};

/** How long things are kept, and the clean-ups that see to it. */
export function RetentionCard(): JSX.Element {
  const loaded = useLoad<RetentionView>(apiUrl('retention'), REFRESH_MS);
  const [open, setOpen] = useState<'dry' | 'real'>();
  const run = (): Promise<unknown> =>
    callApi('POST', apiUrl('retention'), { dryRun: open === 'dry' }).finally(loaded.reload);
  return (
    <Card
      title="Retention"
      note={loaded.data === undefined ? '' : loaded.data.isScheduled ? 'by schedule' : 'not scheduled'}
      isWide
      actions={
        <>
          <button type="button" class="small" onClick={() => setOpen('dry')}>
            Dry run
          </button>
          <button type="button" class="small" onClick={() => setOpen('real')}>
            Clean up now
          </button>
        </>
      }
    >
      <Gate loaded={loaded} what="the retention">
        {({ keepMs, runs }) => (
          <>
            <ul class="chips kept">
              {Object.entries(keepMs).map(([kind, ms]) => (
                <li key={kind}>
                  <Badge text={`${wordsOf(kind)} ${formatDuration(ms)}`} />
                </li>
              ))}
            </ul>
            <Runs runs={runs} />
          </>
        )}
      </Gate>
      {open !== undefined && (
        <ConfirmDialog
          title={open === 'dry' ? 'Try a clean-up' : 'Clean up now'}
          action={open === 'dry' ? 'Dry run' : 'Clean up'}
          isDangerous={open === 'real'}
          onConfirm={run}
          onClose={() => setOpen(undefined)}
        >
          <p class="consequence">
            {open === 'dry'
              ? 'It counts what is older than the policy allows, and removes nothing.'
              : 'Rows that are older than the policy allows are removed for good. A clean-up takes half a minute at most.'}
          </p>
        </ConfirmDialog>
      )}
    </Card>
  );
}

function Runs({ runs }: { readonly runs: readonly RetentionRun[] }): JSX.Element {
  if (runs.length === 0) return <Empty>No clean-up has run yet.</Empty>;
  return (
    <Table
      label="Clean-ups"
      rows={runs}
      keyOf={({ id }) => id}
      columns={[
        { title: 'Begun', kind: 'time', cell: ({ startedAt }) => formatDay(startedAt) },
        { title: 'State', cell: ({ state }) => <Badge tone={TONES[state] ?? 'plain'} text={state} /> },
        { title: 'Kind', cell: ({ isDryRun }) => (isDryRun ? 'dry run' : 'clean-up') },
        { title: 'By', isExtra: true, cell: ({ by }) => by },
        { title: 'Found', kind: 'number', cell: ({ found }) => formatCount(sumOf(found.counts)) },
        { title: 'Faults', isExtra: true, cell: ({ found }) => faultsOf(found.faults) },
      ]}
    />
  );
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}

function faultsOf(faults: readonly string[]): string {
  return faults.length === 0 ? 'none' : `${plural(faults.length, 'fault')}: ${faults[0] ?? ''}`;
}

/** `sentMail` as people write it. */
function wordsOf(kind: string): string {
  return kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
