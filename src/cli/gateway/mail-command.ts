import { callAdmin } from './admin-client.js';
import type { OutputOptions } from './command.js';
import type { MailTask } from './commands/mail.command.js';
import type { OperatorAccess } from './operator-access.js';
import { printableJson, printTable } from './printable.js';

interface MailList {
  readonly isKnown: boolean;
  readonly mails: readonly {
    readonly id: string;
    readonly state: string;
    readonly attempts: number;
    readonly recipients: number;
    readonly acceptedAt: string;
    readonly dueAt: string;
    readonly fault: string | null;
  }[];
}

/** Shows the queue of mail, or decides on a dead letter. @returns the exit code @throws AdminCallError */
export async function mail(
  { task, isJson }: OutputOptions & { readonly task: MailTask },
  access: OperatorAccess,
): Promise<number> {
  const ask = (method: string, path: string, body?: object): Promise<unknown> =>
    callAdmin(access.base, access.adminToken(), {
      method,
      path: `/mail${path}`,
      ...(body === undefined ? {} : { body }),
    });
  const say = (data: unknown, text: string): number => {
    process.stdout.write(`${isJson ? printableJson(data) : text}\n`);
    return 0;
  };
  if (task.kind === 'list') {
    const data = await ask('GET', '');
    return say(data, printMails(data as MailList));
  }
  const { id, reason } = task;
  if (task.kind === 'retry') return say(await ask('POST', `/${id}/retry`, { reason }), `${id} is tried again.`);
  return say(await ask('DELETE', `/${id}`, { reason }), `${id} is gone.`);
}

/** What waits and what is dead, one a line. */
export function printMails({ isKnown, mails }: MailList): string {
  if (!isKnown)
    return 'What waits is not known: the embedded database has not been started, and is not started to look.';
  if (mails.length === 0) return 'No mail waits, and none is dead.';
  const rows = [
    ['ID', 'STATE', 'ACCEPTED', 'TRIES', 'TO', 'NEXT', 'LAST FAILURE'],
    ...mails.map(({ id, state, acceptedAt, attempts, recipients, dueAt, fault }) => [
      id,
      state,
      acceptedAt,
      String(attempts),
      String(recipients),
      state === 'dead' ? '-' : dueAt,
      fault ?? '-',
    ]),
  ];
  return printTable(rows);
}
