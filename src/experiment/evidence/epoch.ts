import { createHash } from 'node:crypto';
import type { Route } from '../../routing/index.js';

const LENGTH = 16;

/** What evidence of one epoch has in common, the same in all instances: another stage, weight, rule or version begins anew. */
export function epochOf(route: Route, version: string): string {
  const { stage, weight, stagedAt = '' } = route;
  return hash([rulesOf(route, version), stage, weight, stagedAt]);
}

/** The rules by which answers are compared, and the version of the handler and PHP's forwarding. */
export function rulesOf({ name, handler, upstream, experiment: { ignore, keyed } }: Route, version: string): string {
  const rules = ignore.map(({ pointer, expiresAt }) => [pointer, expiresAt]);
  return hash([name, handler, upstream, rules, Object.entries(keyed).toSorted(), version]);
}

function hash(facts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, LENGTH);
}
