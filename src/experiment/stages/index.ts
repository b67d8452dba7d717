export { ArmCounters, type ArmCounts } from './arm-counters.js';
export { callerOf, canaryBuckets } from './canary-bucket.js';
export { type StagedRoute, StageBoard, type StageOutcome } from './stage-board.js';
export { StageModule } from './stage.module.js';
export { StagesUnavailableError } from './stages-unavailable.error.js';
export type { StageChange } from './stage-store.js';
export type { StageDecision } from './unsaved-stages.js';
