import { createHash } from 'node:crypto';
import type { Database } from '../../database/index.js';
import type { Logger } from '../../trace/index.js';
import type { Collection } from '../collection.js';
import type { DocumentReplication } from '../document-replication.js';
import type { PhpDocuments } from '../php-documents.js';
import { MIGRATION_WORKERS, MigrationPace } from './migration-pace.js';
import { addNote, endState, type MigrationKind, type MigrationProgress } from './migration-run.js';
import type { MigrationState, SideTotals } from './migration-run.js';
import { OwnerFault } from './owner-fault.js';
import { type Compared, type Moved, OwnerMover } from './owner-mover.js';
import { type OwnerSide, OwnerSides } from './owner-sides.js';
import { OwnerWalk, type WalkedOwner } from './owner-walk.js';
import { type Patience, RunFailure, workPatiently } from './patient-work.js';

/** What a run works with. */
export interface MigrationParts {
  readonly database: Database;
  readonly documents: PhpDocuments;
  readonly replication: DocumentReplication;
  readonly logger: Logger;
  /** Milliseconds for which PHP or the database may be away. */
  readonly patienceMs: number;
}

type Step<T> = { readonly done: T } | { readonly why: string };

/** One run over a collection's owners, in the order of their keys; what it knows is in its progress, and nowhere else. */
export class MigrationJob {
  private readonly walk: OwnerWalk;
  private readonly mover: OwnerMover;
  private readonly pace = new MigrationPace();
  private readonly patience: Patience;

  constructor(
    parts: MigrationParts,
    collection: Collection,
    private readonly kind: MigrationKind,
    readonly progress: MigrationProgress,
    private readonly signal: AbortSignal,
    traceId: string,
  ) {
    const { database, documents, logger, patienceMs } = parts;
    const isReadOnly = kind.isDryRun || kind.isVerifyOnly;
    const sides = new OwnerSides(database, documents, collection, traceId);
    this.walk = new OwnerWalk(database, documents, collection.name, traceId);
    this.mover = new OwnerMover(parts, collection, sides, traceId, { direction: kind.direction, isReadOnly });
    const askPhp = (): Promise<unknown> => documents.list(collection.name, undefined, 1, { traceId, timeoutMs: 5000 });
    this.patience = { patienceMs, signal, logger, askPhp };
  }

  /** Runs to the end, or until it is stopped. Never rejects. */
  async run(): Promise<MigrationState> {
    const { progress, kind } = this;
    try {
      if (progress.phase === 'move') {
        await this.each<Moved>(
          (walked) => this.mover.move(walked),
          (owner, step) => {
            if ('why' in step) addNote(progress.faults, { owner, why: step.why });
            else progress[step.done] += 1;
          },
        );
        if (kind.isDryRun) return endState(progress);
        progress.phase = 'verify';
        progress.cursor = '';
      }
      await this.each<Compared>(
        ({ owner }) => this.mover.compare(owner),
        (owner, step) => this.addComparison(owner, step),
      );
      return endState(progress);
    } catch (error) {
      if (this.signal.aborted) return 'stopped';
      if (!(error instanceof RunFailure)) this.patience.logger.error({ err: error }, 'a migration failed');
      progress.fault = error instanceof RunFailure ? error.message : 'unexpected: see the log';
      return 'failed';
    }
  }

  /** Counts are those of the owners up to the cursor: whoever goes on from there counts none twice. */
  private async each<T>(
    work: (walked: WalkedOwner) => Promise<T>,
    fold: (owner: string, step: Step<T>) => void,
  ): Promise<void> {
    for (let hasMore = true; hasMore;) {
      const page = await this.list();
      hasMore = page.hasMore;
      const steps: Step<T>[] = [];
      let next = 0;
      let folded = 0;
      const worker = async (): Promise<void> => {
        for (let walked = page.owners[next]; walked !== undefined; walked = page.owners[next]) {
          const at = next++;
          const startedAt = performance.now();
          steps[at] = await this.step(() => work(walked));
          for (let step = steps[folded]; step !== undefined; step = steps[++folded]) {
            const owner = page.owners[folded]?.owner ?? '';
            fold(owner, step);
            this.progress.cursor = owner;
          }
          const spentMs = performance.now() - startedAt;
          if (spentMs > 1) await this.pace.rest(spentMs, this.signal);
        }
      };
      const ended = await Promise.allSettled(Array.from({ length: MIGRATION_WORKERS }, worker));
      for (const end of ended) if (end.status === 'rejected') throw end.reason;
    }
  }

  private async list(): ReturnType<OwnerWalk['page']> {
    try {
      return await workPatiently(() => this.walk.page(this.progress.cursor), this.patience);
    } catch (error) {
      // Of all owners, where one was meant.
      if (error instanceof OwnerFault) throw new RunFailure(`PHP cannot list its documents (${error.message})`);
      throw error;
    }
  }

  private async step<T>(work: () => Promise<T>): Promise<Step<T>> {
    try {
      return { done: await workPatiently(work, this.patience) };
    } catch (error) {
      if (error instanceof OwnerFault) return { why: error.message };
      throw error;
    }
  }

  private addComparison(owner: string, step: Step<Compared>): void {
    const { progress } = this;
    if ('why' in step) return addNote(progress.unverified, { owner, why: step.why });
    const { sides, outcome } = step.done;
    progress.verified += 1;
    addTo(progress.php, owner, sides.php);
    addTo(progress.rows, owner, sides.rows);
    if (outcome === 'mended') progress.mended += 1;
    else if (outcome === 'changing') progress.changing += 1;
    else if (outcome !== 'equal') addNote(progress.different, { owner, why: outcome.different });
  }
}

function addTo(totals: SideTotals, owner: string, { digest, items, isEmpty }: OwnerSide): void {
  totals.owners += isEmpty ? 0 : 1;
  totals.items += items;
  totals.digest = createHash('sha256').update(`${totals.digest} ${owner} ${digest}`).digest('hex');
}
