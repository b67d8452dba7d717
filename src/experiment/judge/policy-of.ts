import type { Route } from '../../routing/index.js';
import { type DecisionPolicy, DEFAULT_POLICY, type ExpectedCoverage } from '../decide/decision-policy.js';

/** What a route's candidate must show: what the route says, and the defaults for the rest. */
export function policyOf({ experiment: { decision } }: Route): DecisionPolicy {
  const { latency = {}, ...rest } = decision;
  return { ...DEFAULT_POLICY, ...rest, latency: { ...DEFAULT_POLICY.latency, ...latency } };
}

/** What must have been met; the schema has checked that a text is a class of statuses. */
export function expectedOf({ experiment: { expects } }: Route): ExpectedCoverage {
  return expects as ExpectedCoverage;
}
