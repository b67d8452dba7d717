import type { Database } from '../../database/index.js';
import { DatabaseStageStore } from './database-stage.store.js';
import type { StageOverride, StageRequest } from './stage-store.js';
import type { StageSnapshot } from './stage-snapshot.js';

/** The embedded database takes seconds to start, on a busy machine many. */
const PATIENCE_MS = 60_000;

/**
 * The same in the embedded database, which is this process's alone and takes seconds to start: what it holds is known from a
 * snapshot beside it. A snapshot that was not finished, cannot be read or is missing is made up for by the database.
 */
export class EmbeddedStageStore extends DatabaseStageStore {
  override readonly pollMs = undefined;
  override readonly patienceMs = PATIENCE_MS;

  constructor(
    database: Database,
    private readonly snapshot: StageSnapshot,
  ) {
    super(database);
  }

  override remembered(): readonly StageOverride[] | undefined {
    return this.database.hasData ? this.snapshot.read() : [];
  }

  override async read(): Promise<readonly StageOverride[]> {
    if (!this.database.hasData) return [];
    const overrides = await super.read();
    this.snapshot.write(overrides);
    return overrides;
  }

  override async save(request: StageRequest): Promise<boolean> {
    // Whoever owns the database is settled before the snapshot is touched: it is another process's otherwise.
    await this.database.db();
    this.snapshot.markUnfinished();
    const isDone = await super.save(request);
    if (!isDone) await this.read();
    return isDone;
  }
}
