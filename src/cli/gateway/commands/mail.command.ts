import { gatewayCommand } from '../command.js';
import { givenReason, noMore } from '../read-arguments.js';

export type MailTask =
  { readonly kind: 'list' } | { readonly kind: 'retry' | 'drop'; readonly id: string; readonly reason: string };

/** `mail`: what waits, and dead letters. */
export const mailCommand = gatewayCommand(
  {
    name: 'mail',
    summary: 'mail that waits, and what could not be sent: tried again (retry) or dropped (drop)',
    about:
      'Mail that waits to be sent, and dead letters: what could not be sent. Neither addresses nor texts are shown.',
    usage: [
      ['', 'what waits and what is dead'],
      ['retry <id> --reason "the server is back"', 'tries a dead letter again, from the beginning'],
      ['drop <id> --reason "the address is wrong"', 'removes a dead letter'],
    ],
    options: {
      reason: { type: 'string', value: '<text>', about: 'why, for those who read the audit; needed for every change' },
    },
    read: (words, { reason }) => ({ task: readTask(words, reason) }),
  },
  async () => (await import('../mail-command.js')).mail,
);

function readTask([word = 'list', id, ...more]: readonly string[], reason: string | undefined): MailTask {
  noMore(more);
  if (word === 'list' && id === undefined) {
    if (reason !== undefined) throw new Error('--reason goes with retry and drop');
    return { kind: 'list' };
  }
  if (word !== 'retry' && word !== 'drop') throw new Error(`mail takes retry or drop with an id, not "${word}"`);
  if (id === undefined || !/^[\da-f-]{36}$/.test(id)) throw new Error('Name the mail by its id, as the list shows it');
  return { kind: word, id, reason: givenReason(reason, 'the audit') };
}
