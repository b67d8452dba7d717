/** `forward`: PHP's documents into rows; `back`: rows into PHP's documents. */
export const MIGRATION_DIRECTIONS = ['forward', 'back'] as const;
export type MigrationDirection = (typeof MIGRATION_DIRECTIONS)[number];

/**
 * `stopped` and `failed` runs go on where they were with the next one of their kind. `complete`: both sides are equal;
 * `incomplete`: some owners could not be carried or compared; `different`: some are not equal.
 */
export type MigrationState = 'running' | 'stopped' | 'failed' | 'complete' | 'incomplete' | 'different';

/** What a run is to do. */
export interface MigrationKind {
  readonly direction: MigrationDirection;
  /** Reads everything, writes nothing. Known to its instance alone. */
  readonly isDryRun: boolean;
  /** Compares both sides without carrying anything. */
  readonly isVerifyOnly: boolean;
}

/** An owner, by its key, and what is the matter with it. */
export interface OwnerNote {
  readonly owner: string;
  readonly why: string;
}

/** Counted without bound; only the first ones are listed. */
export interface NoteList {
  count: number;
  listed: OwnerNote[];
}

/** What one side holds. Owners without anything are not counted: they may have an empty document, or none. */
export interface SideTotals {
  owners: number;
  items: number;
  /** SHA-256, hex: over the one before it, the owner and the SHA-256 of its canonical document, owner by owner in order. */
  digest: string;
}

/** How far a run has come, and what it has found: all that must be known to go on with it. Plain JSON. */
export interface MigrationProgress {
  phase: 'move' | 'verify';
  /** The owner up to which this phase is done, in the order of keys; '' at its begin. */
  cursor: string;
  /** Owners carried; in a dry run: that would be. */
  moved: number;
  /** Owners that were as they should be. */
  unchanged: number;
  /** Owners that could not be carried. */
  faults: NoteList;
  /** Owners compared. */
  verified: number;
  /** Owners that differed when they were compared, since somebody wrote meanwhile, and were carried once more. */
  mended: number;
  /** Owners that somebody went on changing while they were compared. */
  changing: number;
  /** Owners that could not be compared. */
  unverified: NoteList;
  different: NoteList;
  php: SideTotals;
  rows: SideTotals;
  /** How often another process went on with it. */
  resumed: number;
  /** Milliseconds of work, pauses included, waits for the next process not. */
  activeMs: number;
  /** Why it failed. */
  fault?: string;
}

/** A run as the admin API tells it. */
export interface MigrationRun extends MigrationKind {
  readonly id: string;
  readonly collection: string;
  readonly state: MigrationState;
  readonly progress: MigrationProgress;
  readonly startedBy: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly updatedAt: string;
  /** `running`, but its process has not been heard of: the next run of its kind goes on with it. */
  readonly isOrphaned: boolean;
}

const MAX_LISTED = 100;
const EMPTY: Readonly<SideTotals> = { owners: 0, items: 0, digest: '0'.repeat(64) };

export function freshProgress(phase: MigrationProgress['phase']): MigrationProgress {
  return {
    phase,
    cursor: '',
    moved: 0,
    unchanged: 0,
    faults: { count: 0, listed: [] },
    verified: 0,
    mended: 0,
    changing: 0,
    unverified: { count: 0, listed: [] },
    different: { count: 0, listed: [] },
    php: { ...EMPTY },
    rows: { ...EMPTY },
    resumed: 0,
    activeMs: 0,
  };
}

export function addNote(list: NoteList, note: OwnerNote): void {
  list.count += 1;
  if (list.listed.length < MAX_LISTED) list.listed.push(note);
}

/** How a run ends that came to its end. */
export function endState({ faults, unverified, different }: MigrationProgress): MigrationState {
  if (different.count > 0) return 'different';
  return faults.count > 0 || unverified.count > 0 ? 'incomplete' : 'complete';
}
