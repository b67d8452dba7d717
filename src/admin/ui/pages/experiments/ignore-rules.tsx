import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { IgnoreInput, IgnoreView } from '../../../admin-api.js';
import { callApi } from '../../api/access.js';
import { apiUrl } from '../../api/addresses.js';
import type { ExperimentView } from '../../api/report-types.js';
import { Badge } from '../../parts/badge.js';
import { ConfirmDialog } from '../../parts/dialog.js';
import { Card } from '../../parts/page.js';
import { Empty } from '../../parts/states.js';
import { Table } from '../../parts/table.js';

interface Props {
  readonly view: ExperimentView;
  readonly onChanged: () => void;
}

const FROM_TABLE = 'routes.yaml';
const DAY_MS = 86_400_000;
const MAX_DAYS = 180;
const USUAL_DAYS = 30;

/** Differences that are accepted for a time. */
export function IgnoreRules({ view: { route, rules }, onChanged }: Props): JSX.Element {
  const [open, setOpen] = useState<'add' | IgnoreView>();
  const close = (): void => setOpen(undefined);
  return (
    <Card
      title="Ignored differences"
      actions={
        <button type="button" class="small" onClick={() => setOpen('add')}>
          Ignore a field
        </button>
      }
    >
      {rules.ignore.length === 0 ? (
        <Empty>Every difference counts.</Empty>
      ) : (
        <Table
          label="Ignored differences"
          rows={rules.ignore}
          keyOf={({ pointer, by }) => `${pointer} ${by}`}
          columns={[
            { title: 'Field', kind: 'code', cell: ({ pointer }) => pointer },
            { title: 'Reason', cell: ({ reason, by }) => <Why reason={reason} by={by} /> },
            {
              title: 'Until',
              kind: 'time',
              cell: ({ until, isExpired }) => (isExpired ? <Badge tone="warn" text="expired" /> : until),
            },
            {
              title: 'What can be done',
              kind: 'actions',
              cell: (rule) =>
                rule.by !== FROM_TABLE && (
                  <button type="button" class="small" onClick={() => setOpen(rule)}>
                    Take back
                  </button>
                ),
            },
          ]}
        />
      )}
      {open === 'add' && <AddDialog route={route} onChanged={onChanged} onClose={close} />}
      {typeof open === 'object' && (
        <ConfirmDialog
          title={`Compare ${open.pointer} again`}
          action="Take back"
          reason=""
          onConfirm={(reason) =>
            callApi('DELETE', apiUrl('experiments', route, 'ignores'), { pointer: open.pointer, reason }).then(
              onChanged,
            )
          }
          onClose={close}
        >
          <p class="consequence">A difference there counts as a mismatch again. Evidence is gathered anew.</p>
        </ConfirmDialog>
      )}
    </Card>
  );
}

function Why({ reason, by }: Pick<IgnoreView, 'reason' | 'by'>): JSX.Element {
  return (
    <>
      {reason} <span class="soft">{by}</span>
    </>
  );
}

interface AddProps {
  readonly route: string;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

function AddDialog({ route, onChanged, onClose }: AddProps): JSX.Element {
  const [pointer, setPointer] = useState('');
  const [until, setUntil] = useState(dayIn(USUAL_DAYS));
  const add = (reason: string): Promise<unknown> => {
    const input: IgnoreInput = { pointer: pointer.trim(), reason, until };
    return callApi('POST', apiUrl('experiments', route, 'ignores'), input).then(onChanged);
  };
  return (
    <ConfirmDialog
      title="Ignore a field"
      action="Ignore it"
      isReady={pointer.trim() !== '' && until !== ''}
      reason=""
      onConfirm={add}
      onClose={onClose}
    >
      <label>
        Field
        <input
          class="code"
          value={pointer}
          required
          maxLength={400}
          spellcheck={false}
          autocomplete="off"
          placeholder="/data/*/updated_at"
          onInput={(event) => setPointer(event.currentTarget.value)}
        />
        <span class="hint">A JSON pointer, * for every item; or header:name.</span>
      </label>
      <label>
        Until
        <input
          type="date"
          value={until}
          required
          min={dayIn(1)}
          max={dayIn(MAX_DAYS)}
          onInput={(event) => setUntil(event.currentTarget.value)}
        />
      </label>
      <p class="consequence">Until that day a difference there counts for nothing. Evidence is gathered anew.</p>
    </ConfirmDialog>
  );
}

/** `2026-12-31`, in UTC as the gateway reads it. */
function dayIn(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
}
