import type { JSX } from 'preact';
import type { Difference, ExperimentView, Sample } from '../../api/report-types.js';
import { formatCount, formatDay, formatMs, formatShare } from '../../format.js';
import { Badge } from '../../parts/badge.js';
import { Empty } from '../../parts/states.js';
import { Table } from '../../parts/table.js';
import { hrefTo } from '../../state/place.js';

/** The fields that differed, the worst first. */
export function FieldList({ fields }: { readonly fields: ExperimentView['mirror']['fields'] }): JSX.Element | null {
  const bad = fields.filter(({ differed }) => differed > 0);
  if (bad.length === 0) return null;
  return (
    <Table
      label="Fields that differ"
      rows={bad}
      keyOf={({ field }) => field}
      columns={[
        { title: 'Field', kind: 'code', cell: ({ field }) => field },
        { title: 'Values', kind: 'number', cell: ({ seen }) => formatCount(seen) },
        { title: 'Differed', kind: 'number', cell: ({ differed }) => formatCount(differed) },
        { title: 'Share', kind: 'number', cell: ({ seen, differed }) => formatShare(seen === 0 ? 0 : differed / seen) },
        {
          title: 'In comparisons',
          kind: 'number',
          isExtra: true,
          cell: ({ observations }) => formatCount(observations),
        },
      ]}
    />
  );
}

/** Comparisons that did not come out alike, with both values. */
export function MismatchList({ samples }: { readonly samples: readonly Sample[] }): JSX.Element {
  if (samples.length === 0) return <Empty>No mismatch is on record.</Empty>;
  return (
    <ol class="list">
      {samples.map((sample) => (
        <li key={`${sample.traceId} ${sample.at}`}>
          <One sample={sample} />
        </li>
      ))}
    </ol>
  );
}

function One({ sample: { at, traceId, observation } }: { readonly sample: Sample }): JSX.Element {
  const { status, ms, differences, reason } = observation;
  return (
    <details>
      <summary>
        <Badge tone={observation.class === 'not-comparable' ? 'plain' : 'bad'} text={observation.class} />{' '}
        {differences.length === 0 ? (
          (reason ?? '')
        ) : (
          <code>{[...new Set(differences.map(({ field }) => field))].join(', ')}</code>
        )}{' '}
        <span class="soft">{formatDay(at)}</span>
      </summary>
      <p class="soft">
        PHP {status.control} in {formatMs(ms.control)}, native {status.candidate} in {formatMs(ms.candidate)}
        {reason === undefined ? '' : `, ${reason}`} · <a href={hrefTo('trace', traceId)}>Trace</a>
      </p>
      {countAlike(differences).map(({ field, kind, control, candidate, ignored, times }) => (
        <div key={`${field} ${kind} ${control ?? ''} ${candidate ?? ''}`}>
          <p>
            <code>{field}</code> <Badge text={kind} /> {times > 1 && <span class="soft">{times} times</span>}{' '}
            {ignored !== undefined && <Badge text={`ignored: ${ignored}`} />}
          </p>
          <dl class="difference">
            <div>
              <dt>PHP</dt>
              <dd>{control ?? 'absent'}</dd>
            </div>
            <div>
              <dt>Native</dt>
              <dd>{candidate ?? 'absent'}</dd>
            </div>
          </dl>
        </div>
      ))}
    </details>
  );
}

/** The items of a list often differ all in the same way. */
function countAlike(differences: readonly Difference[]): readonly (Difference & { readonly times: number })[] {
  const alike = new Map<string, Difference & { times: number }>();
  for (const one of differences) {
    const key = JSON.stringify(one);
    const known = alike.get(key);
    if (known === undefined) alike.set(key, { ...one, times: 1 });
    else known.times += 1;
  }
  return [...alike.values()];
}
