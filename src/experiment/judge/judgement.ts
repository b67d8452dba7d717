import type { Staging } from '../../routing/index.js';
import { decide } from '../decide/decide.js';
import { judgeReplaced } from '../decide/judge-replaced.js';
import type { EvidenceLog } from '../decide/evidence-log.js';
import type { Reason, Verdict } from '../decide/verdict.js';
import type { RouteEvidence } from '../evidence/route-evidence.js';
import { nextStaging } from './next-staging.js';
import { expectedOf, policyOf } from './policy-of.js';

const PROXY: Staging = { stage: 'proxy', weight: 0 };
const MAX_REASON = 500;

/** A verdict, and what the route's policy makes of it. */
export interface Judgement {
  readonly verdict: Verdict;
  /** Where the route is to go; undefined where it stays, or a person decides. */
  readonly to: Staging | undefined;
  /** One line for the history. */
  readonly reason: string;
  /** What speaks for it, as JSON: kept with the audit. */
  readonly evidence: DecisionEvidence;
}

export interface DecisionEvidence {
  readonly epoch: string;
  readonly arms: Readonly<Record<'control' | 'candidate', { readonly requests: number; readonly errors: number }>>;
  readonly classes: EvidenceLog['classes'];
  readonly reasons: readonly Reason[];
}

/** Judges a route's candidate by all that is known of it. Asking changes nothing. */
export function judge(evidence: RouteEvidence): Judgement {
  const { route, epoch } = evidence;
  const { promote, rollBack, steps } = route.experiment;
  const log = evidence.merged();
  const { recent } = evidence;
  const stage = route.stage === 'canary' ? 'canary' : 'mirror';
  const verdict =
    recent === undefined
      ? decide({ stage, log, expected: expectedOf(route) }, policyOf(route))
      : judgeReplaced(log, recent);
  return {
    verdict,
    to: targetOf(verdict.action, route, { promote, rollBack, steps }),
    reason: recent === undefined ? describe(verdict) : describeReplaced(verdict),
    evidence: { epoch, arms: armsOf(log), classes: { ...log.classes }, reasons: verdict.reasons },
  };
}

/** Whether two pieces of evidence tell the same story: the same checks pass, wait and fail. */
export function tellsTheSame(a: DecisionEvidence, b: unknown): boolean {
  const other = (b as { readonly reasons?: readonly Reason[] } | null)?.reasons;
  return Array.isArray(other) && outcomes(a.reasons) === outcomes(other);
}

export function outcomes(reasons: readonly Reason[]): string {
  return reasons.map(({ check, outcome }) => `${check} ${outcome}`).join(', ');
}

interface Who {
  readonly promote: 'manual' | 'auto';
  readonly rollBack: 'manual' | 'auto';
  readonly steps: readonly number[];
}

function targetOf(action: Verdict['action'], now: Staging, { promote, rollBack, steps }: Who): Staging | undefined {
  if (action === 'roll-back') return rollBack === 'auto' ? PROXY : undefined;
  return action === 'promote' && promote === 'auto' ? nextStaging(now, steps) : undefined;
}

function describe({ action, reasons }: Verdict): string {
  const told = {
    promote: ['every check passes: ', reasons],
    hold: ['waits: ', reasons.filter(({ outcome }) => outcome !== 'pass')],
    'roll-back': ['rolled back: ', reasons.filter(({ outcome }) => outcome === 'fail')],
  } as const;
  const [begin, which] = told[action];
  const text = begin + which.map((reason) => reason.text).join('; ');
  return text.length > MAX_REASON ? `${text.slice(0, MAX_REASON - 1)}…` : text;
}

function describeReplaced({ reasons }: Verdict): string {
  const bad = reasons.filter(({ outcome }) => outcome === 'fail').map(({ text }) => text);
  return bad.length === 0 ? 'replaced, and well again' : `replaced, and bad: ${bad.join('; ')}`;
}

function armsOf({ arms }: EvidenceLog): DecisionEvidence['arms'] {
  const told = ({ requests, errors }: { requests: number; errors: number }) => ({ requests, errors });
  return { control: told(arms.control), candidate: told(arms.candidate) };
}
