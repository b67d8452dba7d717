export { Retention, type RetentionOutcome } from './retention.js';
export { RetentionModule } from './retention.module.js';
export {
  parseRetentionPolicy,
  RETENTION_KINDS,
  type RetentionPolicy,
  RetentionPolicyError,
} from './retention-policy.js';
export type { RetentionRun } from './retention-run.store.js';
export { type RetentionResult, type RetentionTask, RetentionTasks, type RetentionWork } from './retention-task.js';
