import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { callApi } from '../../api/access.js';
import { apiUrl } from '../../api/addresses.js';
import type { MailList, MailRow } from '../../api/report-types.js';
import { formatAgo, formatBytes, formatCount, formatDay, NOTHING } from '../../format.js';
import { Badge } from '../../parts/badge.js';
import { ConfirmDialog } from '../../parts/dialog.js';
import { Card } from '../../parts/page.js';
import { Empty, Gate } from '../../parts/states.js';
import { Table } from '../../parts/table.js';
import { useLoad } from '../../state/use-load.js';

const REFRESH_MS = 15_000;

interface Open {
  readonly what: 'retry' | 'drop';
  readonly mail: MailRow;
}

/** Mail that waits, and dead letters; of nobody's mail is anything shown. */
export function MailCard(): JSX.Element {
  const loaded = useLoad<MailList>(apiUrl('mail'), REFRESH_MS);
  const [open, setOpen] = useState<Open>();
  return (
    <Card title="Mail" note="what waits, and what could not be sent" isWide>
      <Gate loaded={loaded} what="the mail">
        {({ isKnown, mails }) => {
          if (!isKnown) return <Empty>The queue is not known: the database has not been started yet.</Empty>;
          if (mails.length === 0) return <Empty>No mail waits, and none has failed.</Empty>;
          return (
            <Table
              label="Mail"
              rows={mails}
              keyOf={({ id }) => id}
              columns={[
                {
                  title: 'State',
                  cell: ({ state }) => <Badge tone={state === 'dead' ? 'bad' : 'info'} text={state} />,
                },
                { title: 'Accepted', kind: 'time', cell: ({ acceptedAt }) => formatDay(acceptedAt) },
                { title: 'From', isExtra: true, cell: ({ caller }) => caller },
                { title: 'To', kind: 'number', cell: ({ recipients }) => formatCount(recipients) },
                { title: 'Size', kind: 'number', isExtra: true, cell: ({ bytes }) => formatBytes(bytes) },
                { title: 'Attempts', kind: 'number', cell: ({ attempts }) => formatCount(attempts) },
                { title: 'Fault', cell: ({ fault }) => fault ?? NOTHING },
                { title: 'Since', kind: 'time', isExtra: true, cell: ({ acceptedAt }) => formatAgo(acceptedAt) },
                {
                  title: 'What can be done',
                  kind: 'actions',
                  cell: (mail) => <Actions mail={mail} onOpen={setOpen} />,
                },
              ]}
            />
          );
        }}
      </Gate>
      {open !== undefined && <DecideDialog {...open} onChanged={loaded.reload} onClose={() => setOpen(undefined)} />}
    </Card>
  );
}

function Actions({
  mail,
  onOpen,
}: {
  readonly mail: MailRow;
  readonly onOpen: (open: Open) => void;
}): JSX.Element | null {
  if (mail.state !== 'dead') return null;
  return (
    <>
      <button type="button" class="small" onClick={() => onOpen({ what: 'retry', mail })}>
        Try again
      </button>
      <button type="button" class="small" onClick={() => onOpen({ what: 'drop', mail })}>
        Drop
      </button>
    </>
  );
}

interface DecideProps extends Open {
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

function DecideDialog({ what, mail, onChanged, onClose }: DecideProps): JSX.Element {
  const isDrop = what === 'drop';
  return (
    <ConfirmDialog
      title={isDrop ? 'Drop this mail' : 'Try this mail again'}
      action={isDrop ? 'Drop it' : 'Try again'}
      isDangerous={isDrop}
      reason=""
      onConfirm={(reason) =>
        (isDrop
          ? callApi('DELETE', apiUrl('mail', mail.id), { reason })
          : callApi('POST', apiUrl('mail', mail.id, 'retry'), { reason })
        ).then(onChanged)
      }
      onClose={onClose}
    >
      <p class="consequence">
        {isDrop
          ? `It is removed for good: ${formatCount(mail.recipients)} recipients never get it.`
          : `It is sent anew to the ${formatCount(mail.recipients)} recipients who have not got it.`}
      </p>
    </ConfirmDialog>
  );
}
