import type { JSX } from 'preact';
import type { ExperimentView, Reason } from '../../api/report-types.js';
import { Badge, type Tone } from '../../parts/badge.js';
import { Card } from '../../parts/page.js';
import { Empty } from '../../parts/states.js';
import { ACTION_TONES } from './action-tones.js';

const OUTCOMES: Readonly<Record<Reason['outcome'], readonly [Tone, string]>> = {
  pass: ['good', 'passes'],
  wait: ['warn', 'waits'],
  fail: ['bad', 'fails'],
};
const ORDER: readonly Reason['outcome'][] = ['fail', 'wait', 'pass'];

/** What is to be done with the candidate, with each reason; what is missing comes first. */
export function VerdictCard({ view: { verdict, effective, policy } }: { readonly view: ExperimentView }): JSX.Element {
  if (verdict === undefined)
    return (
      <Card title="Verdict">
        <Empty>
          {effective.stage === 'proxy'
            ? 'PHP answers alone: nothing is compared. Change the stage to mirror to gather evidence.'
            : 'Nothing is being decided.'}
        </Empty>
      </Card>
    );
  const missing = verdict.reasons.filter(({ outcome }) => outcome !== 'pass').length;
  const reasons = verdict.reasons.toSorted((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
  return (
    <Card
      title="Verdict"
      note={missing === 0 ? 'every check passes' : `${missing} of ${verdict.reasons.length} checks are missing`}
      actions={<Badge tone={ACTION_TONES[verdict.action]} text={verdict.action} />}
    >
      <ul class="checks">
        {reasons.map(({ check, outcome, text }) => (
          <li key={check}>
            <Badge tone={OUTCOMES[outcome][0]} text={OUTCOMES[outcome][1]} />
            <span>
              <b>{check}</b> {text}
            </span>
          </li>
        ))}
      </ul>
      <p class="soft verdict-note">
        Promotion is {policy.promote === 'auto' ? 'automatic' : 'a person’s decision'}, roll-back is{' '}
        {policy.rollBack === 'auto' ? 'automatic' : 'a person’s decision'}.
      </p>
    </Card>
  );
}
