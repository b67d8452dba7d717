import { createHash } from 'node:crypto';
import type { Answer, CandidateFailure } from './answer.js';
import type { CompiledRules } from './compile-rules.js';
import { DifferenceLog, type DifferenceWatch } from './difference-log.js';
import { FieldPath, FieldPaths } from './field-path.js';
import { compareHeaders } from './header-comparison.js';
import { atOnce, inSlices, type Steps } from './in-slices.js';
import { readJsonSteps } from './json-tree.js';
import type { NotComparableReason, Observation, ObservationClass } from './observation.js';
import { TreeComparison } from './tree-comparison.js';

/** Statuses with which the gateway tells that the control gave no answer. */
const CONTROL_FAILED = new Set([502, 503, 504]);
const HASH_LENGTH = 16;

type CandidateReason = `${'threw' | 'timeout' | 'status'}${string}`;

/**
 * Compares a candidate's answer with the control's by what clients read in them. Never throws on any answer; time and memory are
 * linear in the bodies, which are bounded by the rules.
 * @param now unix time in ms, against which the rules' expiry is held
 */
export function compareAnswers(
  control: Answer,
  candidate: Answer | CandidateFailure,
  rules: CompiledRules,
  now: number,
): Observation {
  return atOnce(compareSteps(control, candidate, rules, now));
}

/** The same in turns of some milliseconds, for answers of any size that is allowed: others are served meanwhile. */
export function compareInSlices(...asked: Parameters<typeof compareAnswers>): Promise<Observation> {
  return inSlices(compareSteps(...asked));
}

/** As compareAnswers, in steps; `watch` is told of the differences in the JSON trees with their values. */
export function* compareSteps(
  control: Answer,
  candidate: Answer | CandidateFailure,
  rules: CompiledRules,
  now: number,
  watch?: DifferenceWatch,
): Steps<Observation> {
  const log = new DifferenceLog(rules, watch);
  const fields = new FieldPaths(rules, now);
  const conclude = (kind: ObservationClass, reason?: NotComparableReason | CandidateReason): Observation => ({
    class: kind,
    reason,
    status: { control: control.status, candidate: 'failure' in candidate ? 0 : candidate.status },
    ms: { control: control.ms, candidate: candidate.ms },
    differences: log.kept,
    counts: log.counts,
    ignored: log.ignored,
    noise: log.noise,
    reordered: log.reordered,
    fields: fields.counts(),
    expiredRules: rules.ignore.filter(({ expiresAt }) => expiresAt <= now).map(({ pointer }) => pointer),
  });

  const isSameStatus = !('failure' in candidate) && candidate.status === control.status;
  if (!isSameStatus && CONTROL_FAILED.has(control.status)) return conclude('not-comparable', 'control-failed');
  if ('failure' in candidate) {
    if (candidate.failure === 'overloaded') return conclude('not-comparable', 'overloaded');
    return conclude('candidate-error', `${candidate.failure}: ${candidate.message}`);
  }
  fields.countOther('status', !isSameStatus);
  if (!isSameStatus) {
    const [a, b] = [String(control.status), String(candidate.status)];
    log.addOther({ field: 'status', kind: 'value', control: a, candidate: b, ignored: undefined });
  }
  compareHeaders(control, candidate, rules, log, fields);
  const obstacle = yield* compareBodies(control, candidate, rules, log, fields);
  if (candidate.status >= 500 && control.status < 500) return conclude('candidate-error', `status ${candidate.status}`);
  if (log.total > 0) return conclude('mismatch');
  if (obstacle !== undefined) return conclude('not-comparable', obstacle);
  return conclude(log.ignored > 0 ? 'ignored' : 'match');
}

function* compareBodies(
  control: Answer,
  candidate: Answer,
  rules: CompiledRules,
  log: DifferenceLog,
  fields: FieldPaths,
): Steps<NotComparableReason | undefined> {
  const { maxBytes, maxDepth, maxValues } = rules.bounds;
  if (control.isCutShort === true || candidate.isCutShort === true) return 'cut-short';
  if (control.body.length > maxBytes || candidate.body.length > maxBytes) return 'too-large';
  const a = yield* readJsonSteps(control.body, maxDepth, maxValues);
  const b = yield* readJsonSteps(candidate.body, maxDepth, maxValues);
  if (a.kind === 'tree' && b.kind === 'tree') {
    yield* new TreeComparison(rules, log).compare(a.root, b.root, FieldPath.root(fields, rules.root));
    return undefined;
  }
  for (const { kind } of [a, b]) if (kind === 'too-deep' || kind === 'too-many-values') return kind;
  const isSame = control.body.equals(candidate.body);
  fields.countOther('body', !isSame);
  if (!isSame) {
    log.addOther({
      field: 'body',
      kind: a.kind === b.kind ? 'value' : 'type',
      control: describeBytes(control.body, a.kind === 'tree'),
      candidate: describeBytes(candidate.body, b.kind === 'tree'),
      ignored: undefined,
    });
  }
  return undefined;
}

function describeBytes(body: Buffer, isJson: boolean): string {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, HASH_LENGTH);
  return `${isJson ? 'JSON' : 'bytes'}(${body.length}) sha256:${hash}`;
}
