import type { JSX } from 'preact';
import type { ExperimentView } from '../../api/report-types.js';
import { formatCount, NOTHING } from '../../format.js';
import { Empty } from '../../parts/states.js';
import { Table } from '../../parts/table.js';

type NoisyFields = NonNullable<ExperimentView['mirror']['noise']>['fields'];

/** Fields in which PHP differs from itself: they are compared by their form alone. */
export function NoiseTable({ fields }: { readonly fields: NoisyFields }): JSX.Element {
  const rows = Object.entries(fields);
  if (rows.length === 0) return <Empty>PHP has not been seen to differ from itself.</Empty>;
  return (
    <Table
      label="Noise learned"
      rows={rows}
      keyOf={([field]) => field}
      columns={[
        { title: 'Field', kind: 'code', cell: ([field]) => field },
        {
          title: 'Differed',
          kind: 'number',
          cell: ([, { seen, differed }]) => `${formatCount(differed)} of ${formatCount(seen)}`,
        },
        {
          title: 'Compared as',
          cell: ([, { formats, unstable }]) =>
            formats.length > 0
              ? formats.map(({ name }) => name).join(', ')
              : unstable === undefined
                ? NOTHING
                : `nothing: its ${unstable} changes`,
        },
      ]}
    />
  );
}
