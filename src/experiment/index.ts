export { NativeTurns, NOT_ASKED, watchServed } from './canary/index.js';
export type { Answer, CandidateFailure } from './compare/answer.js';
export { compareAnswers } from './compare/compare-answers.js';
export { compileRules, type CompiledRules } from './compare/compile-rules.js';
export type { CompareBounds, CompareSettings, IgnoreRule } from './compare/compare-rules.js';
export { NoiseLearner, learnNoise } from './compare/learn-noise.js';
export type { NoiseModel, NoisyField, ValueFormat } from './compare/noise-model.js';
export type { Difference, DifferenceKind, FieldCount, Observation, ObservationClass } from './compare/observation.js';
export { mismatchBounds, upperBound } from './decide/binomial-bounds.js';
export { decide, type Evidence } from './decide/decide.js';
export { DEFAULT_POLICY, type DecisionPolicy, type ExpectedCoverage } from './decide/decision-policy.js';
export { type Arm, EvidenceLog, type EvidenceSnapshot, type Served } from './decide/evidence-log.js';
export { FieldStats, type FieldTally } from './decide/field-stats.js';
export { LatencySketch } from './decide/latency-sketch.js';
export { SequentialTest, type SequentialSettings, type SequentialState } from './decide/sequential-test.js';
export type { Check, Reason, Verdict } from './decide/verdict.js';
export { type EffectsSource, WriteMirror } from './dry-run/index.js';
export { EvidenceBook, type RouteEvidence } from './evidence/index.js';
export { IgnoreBoard, type IgnoreChange, MAX_IGNORES } from './ignores/index.js';
export { type ExperimentReport, ExperimentReports } from './judge/index.js';
export { type Answerer, Mirror, openDetached } from './mirror/index.js';
export * from './record/index.js';
export {
  ArmCounters,
  type ArmCounts,
  callerOf,
  canaryBuckets,
  type StageChange,
  type StagedRoute,
  StageBoard,
  StageModule,
  type StageOutcome,
  StagesUnavailableError,
} from './stages/index.js';
