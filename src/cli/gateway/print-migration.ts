import { printable } from './printable.js';
import type { Advance } from './progress.js';

interface NoteList {
  readonly count: number;
  readonly listed: readonly { readonly owner: string; readonly why: string }[];
}

interface SideTotals {
  readonly owners: number;
  readonly items: number;
  readonly digest: string;
}

/** A run as the admin API tells it. */
export interface MigrationRun {
  readonly id: string;
  readonly collection: string;
  readonly direction: 'forward' | 'back';
  readonly isDryRun: boolean;
  readonly isVerifyOnly: boolean;
  readonly state: 'running' | 'stopped' | 'failed' | 'complete' | 'incomplete' | 'different';
  readonly startedBy: string;
  readonly startedAt: string;
  readonly isOrphaned: boolean;
  readonly progress: {
    readonly phase: 'move' | 'verify';
    readonly moved: number;
    readonly unchanged: number;
    readonly faults: NoteList;
    readonly verified: number;
    readonly mended: number;
    readonly changing: number;
    readonly unverified: NoteList;
    readonly different: NoteList;
    readonly php: SideTotals;
    readonly rows: SideTotals;
    readonly resumed: number;
    readonly activeMs: number;
    readonly fault?: string;
  };
}

const SHOWN_OWNERS = 20;

/** How far a run is. How many owners there are is known once all were carried. */
export function advanceOf({ collection, isVerifyOnly, progress }: MigrationRun): Advance {
  const { phase, moved, unchanged, faults, verified, different, activeMs } = progress;
  const seconds = `${(activeMs / 1000).toFixed(0)} s`;
  if (phase === 'move')
    return {
      label: `${collection}: carrying`,
      done: moved + unchanged,
      unit: 'owners',
      note: `${moved} carried, ${unchanged} as they should be, ${faults.count} faults, ${seconds}`,
    };
  return {
    label: `${collection}: comparing`,
    done: verified,
    total: isVerifyOnly ? undefined : Math.max(verified, moved + unchanged),
    unit: 'owners',
    note: `${different.count} differ, ${seconds}`,
  };
}

/** What a run has found. */
export function printMigration(run: MigrationRun): string {
  const { collection, state, isDryRun, isVerifyOnly, id, startedBy, startedAt, progress } = run;
  const { moved, unchanged, faults, verified, mended, changing, unverified, different, php, rows } = progress;
  const seconds = (progress.activeMs / 1000).toFixed(1);
  const isMoved = !isVerifyOnly;
  const isCompared = !isDryRun && progress.phase === 'verify';
  const resumed = progress.resumed > 0 ? `, resumed ${progress.resumed} times` : '';
  return [
    `${collection}  ${wayOf(run)}: ${state}  (run ${id}, by ${startedBy}, begun ${startedAt}${resumed}, ${seconds} s)`,
    ...(progress.fault === undefined ? [] : [`  ${progress.fault}`]),
    ...(isMoved
      ? [`  ${isDryRun ? 'would carry' : 'carried'}  ${moved} owners; ${unchanged} were as they should be`]
      : []),
    ...notes(isDryRun ? 'could not be carried' : 'not carried', faults),
    ...(isCompared
      ? [
          `  compared  ${verified} owners${mended > 0 ? `, ${mended} carried once more since they had changed meanwhile` : ''}${changing > 0 ? `, ${changing} were being changed all the time` : ''}`,
          `    PHP   ${side(php)}`,
          `    rows  ${side(rows)}${php.digest === rows.digest ? '  equal' : ''}`,
        ]
      : []),
    ...notes('not compared', unverified),
    ...notes('different', different),
    ...hint(run),
  ]
    .map(printable)
    .join('\n');
}

function wayOf({ direction, isDryRun, isVerifyOnly }: MigrationRun): string {
  if (isVerifyOnly) return 'comparison';
  return `${direction === 'forward' ? 'PHP → Postgres' : 'Postgres → PHP'}${isDryRun ? ', dry run' : ''}`;
}

function side({ owners, items, digest }: SideTotals): string {
  return `${owners} owners, ${items} items, sha256 ${digest}`;
}

function notes(title: string, { count, listed }: NoteList): readonly string[] {
  if (count === 0) return [];
  const shown = listed.slice(0, SHOWN_OWNERS);
  return [
    `  ${title}  ${count} owners`,
    ...shown.map(({ owner, why }) => `    ${owner}  ${why}`),
    ...(count > shown.length
      ? [`    and ${count - shown.length} more${listed.length > shown.length ? ': see --json' : ''}`]
      : []),
  ];
}

function hint({ state, isVerifyOnly }: MigrationRun): readonly string[] {
  if (state === 'stopped' || state === 'failed')
    return isVerifyOnly ? [] : ['  The same command goes on where it was.'];
  return [];
}
