import { lastingZ } from './lasting-z.js';
import { differenceBounds } from './binomial-bounds.js';
import type { DecisionPolicy } from './decision-policy.js';
import type { EvidenceLog } from './evidence-log.js';
import { percent } from './percent.js';
import type { Reason } from './verdict.js';

/** Requests of each side below which times are not judged. */
const MIN_TIMES = 100;
/** Of the bounds that fail a candidate: they are looked at again and again. */
const FAILING_CONFIDENCE = 0.9999;

/** The candidate served enough requests. */
export function checkServed(log: EvidenceLog, policy: DecisionPolicy): Reason {
  const served = log.arms.candidate.requests;
  return {
    check: 'samples',
    outcome: served >= policy.minServed ? 'pass' : 'wait',
    text: `${served} of ${policy.minServed} requests that the candidate has to serve`,
    evidence: { served, needed: policy.minServed },
  };
}

/**
 * The candidate's share of errors exceeds the control's by no more than is granted, however often that is asked from `from`
 * requests on. It never fails: clients are guarded at every request by the sequential test.
 */
export function checkErrors(log: EvidenceLog, policy: DecisionPolicy, from: number): Reason {
  const { control, candidate } = log.arms;
  const { lower, upper } = differenceBounds(
    { k: control.errors, n: control.requests },
    { k: candidate.errors, n: candidate.requests },
    lastingZ(policy.confidence, candidate.requests / Math.max(from, 1)),
  );
  const limit = policy.maxErrorIncrease;
  return {
    check: 'errors',
    outcome: upper <= limit ? 'pass' : 'wait',
    text:
      `the candidate failed ${candidate.errors} of ${candidate.requests} requests, the control ${control.errors} of ${control.requests}; ` +
      `a difference between ${percent(lower)} and ${percent(upper)}, at most ${percent(limit)} may be`,
    evidence: {
      candidateErrors: candidate.errors,
      candidateRequests: candidate.requests,
      controlErrors: control.errors,
      controlRequests: control.requests,
      lower,
      upper,
      limit,
    },
  };
}

/** The candidate's quantiles against the control's: fails only where even the bounds of both are too far apart. */
export function checkLatency(log: EvidenceLog, policy: DecisionPolicy): Reason {
  const { control, candidate } = log.arms;
  const { quantiles, ratio, slackMs } = policy.latency;
  const evidence: Record<string, number> = {};
  const parts: string[] = [];
  let outcome: Reason['outcome'] = 'pass';
  for (const q of quantiles) {
    const name = `p${Number((q * 100).toFixed(2))}`;
    const [a, b] = [control.latency.quantile(q), candidate.latency.quantile(q)];
    const aBounds = control.latency.quantileBounds(q, FAILING_CONFIDENCE);
    const bBounds = candidate.latency.quantileBounds(q, FAILING_CONFIDENCE);
    if (a === undefined || b === undefined || aBounds === undefined || bBounds === undefined) continue;
    evidence[`${name}ControlMs`] = a;
    evidence[`${name}CandidateMs`] = b;
    parts.push(`${name} ${b.toFixed(1)} ms against ${a.toFixed(1)} ms`);
    if (bBounds.lower > aBounds.upper * ratio + slackMs) outcome = 'fail';
    else if (b > a * ratio + slackMs && outcome === 'pass') outcome = 'wait';
  }
  if (Math.min(control.latency.size, candidate.latency.size) < MIN_TIMES) outcome = 'wait';
  const grant = `at most ${ratio} times the control's and ${slackMs} ms more`;
  return {
    check: 'latency',
    outcome,
    text: parts.length === 0 ? 'no times yet' : `${parts.join(', ')}; ${grant}`,
    evidence: { ...evidence, ratio, slackMs },
  };
}

/** Nothing was left uncaught: one such error would end a process that is not guarded, with all that it serves. */
export function checkStrays({ strays }: EvidenceLog): Reason {
  return {
    check: 'uncaught',
    outcome: strays === 0 ? 'pass' : 'fail',
    text:
      strays === 0
        ? 'no error was left uncaught'
        : `the handler left ${strays} errors uncaught (in a timer, an event or a promise)`,
    evidence: { strays },
  };
}

/** What the sequential test says. */
export function checkSequential(log: EvidenceLog): Reason {
  const { sequential } = log;
  const { decision } = sequential.toJSON();
  const { reached, needed } = sequential.odds;
  const outcome = decision === 'roll-back' ? 'fail' : sequential.cleared > 0 ? 'pass' : 'wait';
  const told = { fail: 'it fails more often', pass: 'cleared at least once', wait: 'undecided' }[outcome];
  return {
    check: 'sequential',
    outcome,
    text: `${told}: odds of ${reached.toPrecision(3)} to 1 that the candidate fails more often; ${Math.ceil(needed)} to 1 rolls it back`,
    evidence: { reached, needed, cleared: sequential.cleared },
  };
}
