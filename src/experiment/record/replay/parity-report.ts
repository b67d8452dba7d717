import type { Difference } from '../../compare/observation.js';
import type { ReplayOutcome } from './replay-fixtures.js';

const MAX_FIELDS = 20;
const MAX_REASONS = 20;

/** A field that differed, with the values of the first time, which say nothing of anybody. */
export interface WorstField extends Pick<Difference, 'field' | 'kind' | 'control' | 'candidate'> {
  readonly times: number;
}

/** How the fixtures of one route fared. */
export interface RouteParity {
  readonly route: string;
  readonly n: number;
  readonly match: number;
  /** The answer differs, or none came. */
  readonly mismatched: number;
  /** They could not be sent, or compared. */
  readonly notComparable: number;
  readonly worst: readonly WorstField[];
  /** Of the fixtures that were compared. */
  readonly statuses: readonly number[];
  readonly actions: readonly string[];
  /** Statuses that the route can answer and no fixture has. */
  readonly missingStatuses: readonly number[];
  /** Why fixtures were not compared, or no answer came, with how many. */
  readonly reasons: Readonly<Record<string, number>>;
}

export interface ParityReport {
  /** Something was compared, and nothing differed. */
  readonly isParity: boolean;
  readonly routes: readonly RouteParity[];
}

/** Sums up a replay. `expected`: statuses that a route can answer; 200 stands for any success. */
export function reportParity(
  outcomes: readonly ReplayOutcome[],
  expected: (route: string) => readonly number[],
): ParityReport {
  const byRoute = new Map<string, ReplayOutcome[]>();
  for (const outcome of outcomes)
    byRoute.set(outcome.fixture.route, [...(byRoute.get(outcome.fixture.route) ?? []), outcome]);
  const routes = [...byRoute]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([route, of]) => routeParity(route, of, expected(route)));
  const compared = routes.reduce((sum, { match, mismatched }) => sum + match + mismatched, 0);
  return { isParity: compared > 0 && routes.every(({ mismatched }) => mismatched === 0), routes };
}

function routeParity(route: string, outcomes: readonly ReplayOutcome[], expected: readonly number[]): RouteParity {
  const classOf = ({ observation, failure }: ReplayOutcome): 'match' | 'mismatched' | 'notComparable' => {
    if (failure !== undefined) return 'mismatched';
    if (observation === undefined || observation.class === 'not-comparable') return 'notComparable';
    return observation.class === 'match' || observation.class === 'ignored' ? 'match' : 'mismatched';
  };
  const count = (wanted: string): number => outcomes.filter((outcome) => classOf(outcome) === wanted).length;
  const compared = outcomes.filter((outcome) => classOf(outcome) !== 'notComparable');
  const statuses = [...new Set(compared.map(({ fixture }) => fixture.answer.status))].toSorted((a, b) => a - b);
  const actions = new Set(compared.flatMap(({ fixture: { action } }) => (action === undefined ? [] : [action])));
  return {
    route,
    n: outcomes.length,
    match: count('match'),
    mismatched: count('mismatched'),
    notComparable: count('notComparable'),
    worst: worstFields(outcomes),
    statuses,
    actions: [...actions].toSorted(),
    missingStatuses: expected.filter((status) =>
      status === 200 ? !statuses.some((one) => one >= 200 && one < 300) : !statuses.includes(status),
    ),
    reasons: reasonsOf(outcomes),
  };
}

function worstFields(outcomes: readonly ReplayOutcome[]): WorstField[] {
  const fields = new Map<string, WorstField>();
  for (const { observation } of outcomes) {
    for (const { field, kind, control, candidate, ignored } of observation?.differences ?? []) {
      if (ignored !== undefined) continue;
      const known = fields.get(`${kind} ${field}`);
      fields.set(
        `${kind} ${field}`,
        known === undefined ? { field, kind, control, candidate, times: 1 } : { ...known, times: known.times + 1 },
      );
    }
  }
  return [...fields.values()].toSorted((a, b) => b.times - a.times).slice(0, MAX_FIELDS);
}

function reasonsOf(outcomes: readonly ReplayOutcome[]): Record<string, number> {
  const reasons = new Map<string, number>();
  for (const { notSent, failure, observation } of outcomes) {
    const reason = notSent ?? failure ?? (observation?.class === 'not-comparable' ? observation.reason : undefined);
    if (reason !== undefined && (reasons.has(reason) || reasons.size < MAX_REASONS))
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return Object.fromEntries(reasons);
}
