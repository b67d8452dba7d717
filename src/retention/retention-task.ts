import type { Database } from '../database/index.js';
import type { RetentionKind } from './retention-policy.js';

/** What a task is given. */
export interface RetentionWork {
  readonly database: Database;
  /** Older than this goes; by the database's clock where rows have its times. */
  readonly before: Date;
  readonly isDryRun: boolean;
  readonly traceId: string;
  /** Names what goes: ids and counts, nothing of what stands there. */
  readonly note: (name: string) => void;
  /** True once the run's time is up: what is left is the next one's. */
  readonly isLate: () => boolean;
}

/** What has become of a kind of data. */
export interface RetentionResult {
  readonly removed: number;
  /** What could not be removed, by why. Nothing of what stands there. */
  readonly faults?: readonly string[];
}

/** Removes one kind of data that has outlived the policy. Done twice it does no harm. */
export interface RetentionTask {
  readonly kind: RetentionKind;
  run(work: RetentionWork): Promise<RetentionResult>;
}

/** The tasks that are known: each room brings its own when it starts. */
export class RetentionTasks {
  private readonly tasks: RetentionTask[] = [];

  register(task: RetentionTask): void {
    this.tasks.push(task);
  }

  all(): readonly RetentionTask[] {
    return this.tasks;
  }
}
