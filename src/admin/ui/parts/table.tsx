import type { ComponentChildren, JSX } from 'preact';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  readonly kind?: 'number' | 'code' | 'time' | 'actions' | 'text';
  /** Left out where there is little room. */
  readonly isExtra?: boolean;
}

interface TableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row, index: number) => string;
  readonly isCurrent?: (row: Row) => boolean;
}

/** A table in a box that scrolls by itself: the page never does so sideways. Its roles are written out since rows become cards on a phone. */
export function Table<Row>({ label, columns, rows, keyOf, isCurrent }: TableProps<Row>): JSX.Element {
  return (
    <div class="scroll" role="region" aria-label={label} tabIndex={0}>
      <table class="cards" role="table">
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th key={column.title} scope="col" role="columnheader" class={classOf(column)}>
                {column.kind === 'actions' ? <span class="visually-hidden">{column.title}</span> : column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row, index) => (
            <tr key={keyOf(row, index)} role="row" aria-current={isCurrent?.(row) === true ? 'true' : undefined}>
              {columns.map((column) => (
                <td key={column.title} role="cell" data-title={column.title} class={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function classOf<Row>({ kind = 'text', isExtra = false }: Column<Row>): string {
  return isExtra ? `cell-${kind} extra` : `cell-${kind}`;
}
