import type { EvidenceLog } from './evidence-log.js';
import { percent } from './percent.js';
import { RECENT_MS, type RecentState } from './recent-errors.js';
import { checkStrays } from './service-checks.js';
import type { Reason, Verdict } from './verdict.js';

/**
 * Says how a replaced route fares. It is told and nothing is changed by it: PHP is not asked beside it, so that nobody knows
 * whether PHP would fare better, and going back is a person's.
 */
export function judgeReplaced(log: EvidenceLog, recent: RecentState): Verdict {
  const reasons = [checkRecent(recent), describeTimes(log)];
  return { action: 'hold', reasons: log.strays > 0 ? [...reasons, checkStrays(log)] : reasons };
}

function checkRecent({ requests, errors, limit, isBad }: RecentState): Reason {
  return {
    check: 'errors',
    outcome: isBad ? 'fail' : 'pass',
    text: `${errors} of ${requests} requests of the last ${RECENT_MS / 60_000} minutes failed on this instance; more than ${percent(limit)} is told`,
    evidence: { requests, errors, limit },
  };
}

/** PHP's times of today are not known: nothing is made of them. */
function describeTimes({ arms: { candidate } }: EvidenceLog): Reason {
  const [p50, p95] = [candidate.latency.quantile(0.5), candidate.latency.quantile(0.95)];
  const isTimed = p50 !== undefined && p95 !== undefined;
  return {
    check: 'latency',
    outcome: 'pass',
    text: isTimed ? `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms; told, not judged` : 'no times yet',
    evidence: isTimed ? { p50CandidateMs: p50, p95CandidateMs: p95 } : {},
  };
}
