import type { JSX } from 'preact';
import { apiUrl } from '../../api/addresses.js';
import type { ExperimentView } from '../../api/report-types.js';
import { formatCount, formatDay, formatMs, formatShare, NOTHING } from '../../format.js';
import { Badge, StageBadge } from '../../parts/badge.js';
import { Icon } from '../../parts/icon.js';
import { Card, Figures, Page } from '../../parts/page.js';
import { Empty, Gate } from '../../parts/states.js';
import { hrefTo } from '../../state/place.js';
import { useLive } from '../../state/use-live.js';
import { useLoad } from '../../state/use-load.js';
import { DecisionLog } from './decision-log.js';
import { FieldList, MismatchList } from './mismatches.js';
import { IgnoreRules } from './ignore-rules.js';
import { NoiseTable } from './noise-table.js';
import { ParityChart } from './parity-chart.js';
import { VerdictCard } from './verdict-card.js';

const REFRESH_MS = 10_000;

/** All that is known of one route's candidate. */
export function ExperimentDetail({ name }: { readonly name: string }): JSX.Element {
  const loaded = useLoad<ExperimentView>(apiUrl('experiments', name), REFRESH_MS);
  useLive('route', ({ route }) => route === name && loaded.reload());
  return (
    <Page
      title={name}
      lead={
        <span class="chips">
          {loaded.data !== undefined && <StageBadge staging={loaded.data.effective} />}
          {loaded.data?.since != null && <span>evidence since {formatDay(loaded.data.since)}</span>}
        </span>
      }
      actions={
        <>
          <a class="button" href={hrefTo('experiments')}>
            <Icon name="back" /> All experiments
          </a>
          <a class="button" href={hrefTo('routes', name)}>
            Stage and policies
          </a>
        </>
      }
    >
      <Gate loaded={loaded} what="the experiment">
        {(view) => <Evidence view={view} onChanged={loaded.reload} />}
      </Gate>
    </Page>
  );
}

function Evidence({ view, onChanged }: { readonly view: ExperimentView; readonly onChanged: () => void }): JSX.Element {
  const { classes, arms, noise, samples, fault, fields } = view.mirror;
  const compared = classes.match + classes.ignored + classes.mismatch + classes['candidate-error'];
  const good = classes.match + classes.ignored;
  return (
    <>
      {!view.areOverridesKnown && (
        <p class="note tone-warn">
          The database gives no answer: its stage, its evidence and what was decided are told as far as this instance
          knows.
        </p>
      )}
      {fault !== undefined && <p class="note tone-warn">Its answers cannot be compared: {fault}</p>}
      <Figures
        items={[
          {
            label: 'Compared',
            value: formatCount(compared),
            note: `${formatCount(classes['not-comparable'])} not comparable`,
          },
          {
            label: 'Alike',
            value: compared === 0 ? NOTHING : formatShare(good / compared),
            note: `${formatCount(classes.ignored)} by a rule`,
            tone: compared > 0 && good === compared ? 'good' : undefined,
          },
          {
            label: 'Mismatches',
            value: formatCount(classes.mismatch),
            tone: classes.mismatch > 0 ? 'bad' : undefined,
          },
          {
            label: 'Native errors',
            value: formatCount(classes['candidate-error']),
            tone: classes['candidate-error'] > 0 ? 'bad' : undefined,
          },
          { label: 'PHP, p95', value: formatMs(arms.control.p95), note: `p50 ${formatMs(arms.control.p50)}` },
          { label: 'Native, p95', value: formatMs(arms.candidate.p95), note: `p50 ${formatMs(arms.candidate.p50)}` },
        ]}
      />
      <div class="grid">
        <VerdictCard view={view} />
        <Card title="Parity over time" note="comparisons in each hour">
          <ParityChart points={view.parity} />
        </Card>
        <Card title="Mismatches" note="values are redacted" isWide>
          <FieldList fields={fields} />
          <MismatchList samples={samples} />
        </Card>
        <Card title="Noise learned" note={<NoiseNote pairs={noise?.pairs ?? 0} />}>
          <NoiseTable fields={noise?.fields ?? {}} />
        </Card>
        <IgnoreRules view={view} onChanged={onChanged} />
        <Card title="Decisions" isWide>
          {view.decisions.length === 0 ? (
            <Empty>Nothing was decided yet.</Empty>
          ) : (
            <DecisionLog decisions={view.decisions} />
          )}
        </Card>
      </div>
    </>
  );
}

function NoiseNote({ pairs }: { readonly pairs: number }): JSX.Element {
  return <Badge text={`${formatCount(pairs)} pairs of PHP’s own answers`} />;
}
