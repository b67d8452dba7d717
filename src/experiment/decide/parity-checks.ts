import { mismatchBounds } from './binomial-bounds.js';
import type { DecisionPolicy, ExpectedCoverage } from './decision-policy.js';
import type { EvidenceLog } from './evidence-log.js';
import { percent } from './percent.js';
import { lastingUpperBound } from './promotion-bound.js';
import { oddsAbove } from './rate-evidence.js';
import type { Reason } from './verdict.js';

const WORST_FIELDS = 5;
/** Odds that the share is too high at which a candidate fails: wrong in one of a hundred, over all looks together. */
const FAILING_ODDS = 100;

/** Enough answers were compared. */
export function checkSamples(log: EvidenceLog, policy: DecisionPolicy): Reason {
  const { comparable } = log;
  return {
    check: 'samples',
    outcome: comparable >= policy.minSamples ? 'pass' : 'wait',
    text: `${comparable} of ${policy.minSamples} comparisons that are needed`,
    evidence: { comparable, needed: policy.minSamples },
  };
}

/** What could not be compared proves nothing, so it may not be much. */
export function checkComparable(log: EvidenceLog, policy: DecisionPolicy): Reason {
  const skipped = log.classes['not-comparable'];
  const all = skipped + log.comparable;
  const share = all === 0 ? 0 : skipped / all;
  return {
    check: 'comparable',
    outcome: share <= policy.maxNotComparable ? 'pass' : 'wait',
    text: `${percent(share)} of the answers could not be compared; at most ${percent(policy.maxNotComparable)} may be`,
    evidence: { skipped, all, share },
  };
}

/**
 * The share of answers that differ is below its bound for sure (pass), above it for sure (fail), or not known well enough. Both
 * hold however often it is asked.
 */
export function checkMismatch(log: EvidenceLog, policy: DecisionPolicy, stage: 'mirror' | 'canary'): Reason {
  const differed = log.classes.mismatch + log.classes['candidate-error'];
  const n = log.comparable;
  const { lower, ruleOfThree } = mismatchBounds(differed, n, policy.confidence);
  const upper = lastingUpperBound(differed, n, policy.confidence);
  const limit = policy.maxMismatchRate;
  const odds = oddsAbove(differed, n, limit);
  // A canary that is compared besides goes on as long as nothing speaks against it: mirror has proved it before.
  const passes = upper <= limit || (stage === 'canary' && differed === 0);
  return {
    check: 'mismatch',
    outcome: passes ? 'pass' : odds >= FAILING_ODDS ? 'fail' : 'wait',
    text: `${differed} of ${n} answers differ: a share between ${percent(lower)} and ${percent(upper)}; at most ${percent(limit)} may be`,
    evidence: {
      differed,
      compared: n,
      lower,
      upper,
      limit,
      odds,
      confidence: policy.confidence,
      ...(ruleOfThree === undefined ? {} : { ruleOfThree }),
      worstFields: log.fields.worst(WORST_FIELDS).map(({ field, observations }) => `${field} (${observations})`),
    },
  };
}

/** Every status and action that is named has been met. */
export function checkCoverage(log: EvidenceLog, expected: ExpectedCoverage): Reason {
  const { statuses, actions } = log.covered;
  const missing = [
    ...expected.statuses
      .filter((wanted) => !statuses.some((status) => isOfStatus(status, wanted)))
      .map((status) => `status ${status}`),
    ...expected.actions.filter((action) => !actions.includes(action)).map((action) => `action ${action}`),
  ];
  return {
    check: 'coverage',
    outcome: missing.length === 0 ? 'pass' : 'wait',
    text: missing.length === 0 ? 'every status and action was met' : `not met yet: ${missing.join(', ')}`,
    evidence: { missing, statuses: statuses.map(String), actions },
  };
}

function isOfStatus(status: number, wanted: number | string): boolean {
  return typeof wanted === 'number' ? status === wanted : wanted === `${Math.floor(status / 100)}xx`;
}

/** An ignore rule past its day ignores nothing, and is to be renewed or removed. */
export function checkRules(log: EvidenceLog): Reason {
  const expired = log.expiredRules;
  return {
    check: 'rules',
    outcome: expired.length === 0 ? 'pass' : 'wait',
    text: expired.length === 0 ? 'no ignore rule has expired' : `expired ignore rules: ${expired.join(', ')}`,
    evidence: { expired },
  };
}
