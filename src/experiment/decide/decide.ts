import type { DecisionPolicy, ExpectedCoverage } from './decision-policy.js';
import { DEFAULT_POLICY } from './decision-policy.js';
import type { EvidenceLog } from './evidence-log.js';
import { checkComparable, checkCoverage, checkMismatch, checkRules, checkSamples } from './parity-checks.js';
import { checkErrors, checkLatency, checkSequential, checkServed, checkStrays } from './service-checks.js';
import type { Reason, Verdict } from './verdict.js';

/** What a decision is made from. */
export interface Evidence {
  readonly stage: 'mirror' | 'canary';
  /** Gathered in this stage. */
  readonly log: EvidenceLog;
  readonly expected: ExpectedCoverage;
}

/**
 * Decides whether a candidate goes on, stays or goes back, with every check's numbers. Promotes when all checks pass; rolls back
 * when one fails beyond doubt in canary, where clients are served. In mirror nobody is, so that a failed check holds.
 * Asking changes nothing.
 */
export function decide(evidence: Evidence, policy: DecisionPolicy = DEFAULT_POLICY): Verdict {
  const { stage, log, expected } = evidence;
  const reasons: Reason[] = [];
  if (stage === 'mirror') reasons.push(checkSamples(log, policy));
  else reasons.push(checkServed(log, policy), checkSequential(log));
  // In canary answers may be compared besides; where none are, there is nothing to say about them.
  if (stage === 'mirror' || log.comparable > 0) reasons.push(checkMismatch(log, policy, stage));
  if (stage === 'mirror') reasons.push(checkComparable(log, policy));
  const from = stage === 'mirror' ? policy.minSamples : policy.minServed;
  reasons.push(
    checkErrors(log, policy, from),
    checkLatency(log, policy),
    checkCoverage(log, expected),
    checkRules(log),
  );
  if (log.strays > 0) reasons.push(checkStrays(log));

  if (reasons.every(({ outcome }) => outcome === 'pass')) return { action: 'promote', reasons };
  const hasFailed = reasons.some(({ outcome }) => outcome === 'fail');
  return { action: hasFailed && stage === 'canary' ? 'roll-back' : 'hold', reasons };
}
