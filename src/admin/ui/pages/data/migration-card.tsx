import type { JSX } from 'preact';
import { type StateUpdater, useEffect, useState } from 'preact/hooks';
import { callApi } from '../../api/access.js';
import { apiUrl } from '../../api/addresses.js';
import type { MigrationRow } from '../../api/report-types.js';
import { formatCount, formatDay, NOTHING } from '../../format.js';
import { Badge, type Tone } from '../../parts/badge.js';
import { ConfirmDialog } from '../../parts/dialog.js';
import { Card } from '../../parts/page.js';
import { Empty, Gate } from '../../parts/states.js';
import { Table } from '../../parts/table.js';
import { useLoad } from '../../state/use-load.js';

const REFRESH_MS = 10_000;
const FOLLOW_MS = 1500;
const TONES: Readonly<Record<string, Tone>> = {
  running: 'info',
  complete: 'good',
  incomplete: 'warn',
  stopped: 'warn',
  failed: 'bad',
  different: 'bad',
};
const KINDS = {
  dry: ['Dry run', 'Everything is read and nothing is written: it tells what would be carried.'],
  verify: ['Compare', 'Both sides are read and compared; nothing is carried.'],
  forward: ['Carry to Postgres', 'PHP’s documents become rows, one person after the other. PHP keeps its documents.'],
} as const;

type Run = NonNullable<MigrationRow['run']>;
type Runs = Readonly<Record<string, Run>>;

interface Open {
  readonly kind: keyof typeof KINDS;
  readonly collection: string;
}

/** PHP's data on its way into rows. */
export function MigrationCard(): JSX.Element {
  const loaded = useLoad<readonly MigrationRow[]>(apiUrl('migrations'), REFRESH_MS);
  const [open, setOpen] = useState<Open>();
  const [mine, setMine] = useFollowed(loaded.reload);
  const start = async ({ kind, collection }: Open): Promise<void> => {
    const body = { direction: 'forward', dryRun: kind === 'dry', verifyOnly: kind === 'verify' };
    const run = await callApi<Run>('POST', apiUrl('migrations', collection), body);
    setMine((before) => ({ ...before, [collection]: run }));
  };
  return (
    <Card title="Migrations" note="PHP’s data into rows" isWide>
      <Gate loaded={loaded} what="the migrations">
        {(rows) =>
          rows.length === 0 ? (
            <Empty>No upstream of the route table has documents: there is nothing to carry.</Empty>
          ) : (
            <Table
              label="Migrations"
              rows={rows.map((row) => ({ ...row, run: laterOf(row.run, mine[row.collection]) }))}
              keyOf={({ collection }) => collection}
              columns={[
                { title: 'Collection', cell: ({ collection }) => collection },
                { title: 'Last run', cell: (row) => <LastRun row={row} /> },
                { title: 'Carried', kind: 'number', cell: ({ run }) => count(run?.progress.moved) },
                {
                  title: 'As it was',
                  kind: 'number',
                  isExtra: true,
                  cell: ({ run }) => count(run?.progress.unchanged),
                },
                { title: 'Compared', kind: 'number', isExtra: true, cell: ({ run }) => count(run?.progress.verified) },
                { title: 'Different', kind: 'number', cell: ({ run }) => count(run?.progress.different.count) },
                {
                  title: 'What can be done',
                  kind: 'actions',
                  cell: ({ collection }) =>
                    (Object.keys(KINDS) as (keyof typeof KINDS)[]).map((kind) => (
                      <button key={kind} type="button" class="small" onClick={() => setOpen({ kind, collection })}>
                        {KINDS[kind][0]}
                      </button>
                    )),
                },
              ]}
            />
          )
        }
      </Gate>
      {open !== undefined && (
        <ConfirmDialog
          title={`${KINDS[open.kind][0]}: ${open.collection}`}
          action={KINDS[open.kind][0]}
          onConfirm={() => start(open)}
          onClose={() => setOpen(undefined)}
        >
          <p class="consequence">{KINDS[open.kind][1]}</p>
        </ConfirmDialog>
      )}
    </Card>
  );
}

/** Runs that were begun here are looked at until they end: of a dry run the list says nothing. */
function useFollowed(onEnd: () => void): [Runs, (change: StateUpdater<Runs>) => void] {
  const [runs, setRuns] = useState<Runs>({});
  useEffect(() => {
    const running = Object.entries(runs).filter(([, { state }]) => state === 'running');
    if (running.length === 0) return undefined;
    const timer = setTimeout(async () => {
      const looks = running.map(async ([collection, { id }]) => {
        const run = await callApi<Run>('GET', apiUrl('migrations', collection, id)).catch(() => undefined);
        if (run !== undefined && run.state !== 'running') onEnd();
        return [collection, run ?? runs[collection]] as const;
      });
      const seen = Object.fromEntries(await Promise.all(looks));
      setRuns((before) => ({ ...before, ...(seen as Runs) }));
    }, FOLLOW_MS);
    return () => clearTimeout(timer);
  }, [runs, onEnd]);
  return [runs, setRuns];
}

function laterOf(listed: Run | null, mine: Run | undefined): Run | null {
  if (mine === undefined) return listed;
  return listed !== null && listed.startedAt > mine.startedAt ? listed : mine;
}

function LastRun({ row: { run } }: { readonly row: MigrationRow }): JSX.Element {
  if (run === null) return <span class="soft">never</span>;
  const { state, direction, isDryRun, isVerifyOnly, startedAt, startedBy } = run;
  const what = isVerifyOnly ? 'compared' : isDryRun ? 'dry run' : direction;
  return (
    <>
      <Badge tone={TONES[state] ?? 'plain'} text={state} />{' '}
      <span class="soft">
        {what}, {formatDay(startedAt)}, {startedBy}
      </span>
    </>
  );
}

function count(value: number | undefined): string {
  return value === undefined ? NOTHING : formatCount(value);
}
