import { parseArgs } from 'node:util';
import { ACCESS_OPTIONS, readAccess } from './access-options.js';
import { type OwnOptions, readOwn } from './operator-access.js';

export type MailTask =
  { readonly kind: 'list' } | { readonly kind: 'retry' | 'drop'; readonly id: string; readonly reason: string };

export interface MailOptions {
  readonly task: MailTask;
  readonly base: string | undefined;
  readonly tokenFile: string | undefined;
  readonly isJson: boolean;
}

const HELP = `Mail that waits to be sent, and dead letters: what could not be sent. Neither addresses nor texts are shown.

  npm run gateway -- mail                                            what waits and what is dead
  npm run gateway -- mail retry <id> --reason "the server is back"   tries a dead letter again, from the beginning
  npm run gateway -- mail drop <id> --reason "the address is wrong"  removes a dead letter

Options
  --reason <text>      why, for those who read the audit; needed for every change
  --base <url>         the gateway                                     http://127.0.0.1:<PORT>
  --token-file <file>  an administrator's access token, - for standard input; else one is made with JWT_SECRET
  --json               for machines

Exit codes as npm run gateway -- --help says.
`;

/** Reads what comes after `mail`. */
export function readMailOptions(args: readonly string[]): OwnOptions<MailOptions> {
  return readOwn(HELP, args.includes('--help') || args.includes('-h'), () => {
    const { values, positionals } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        reason: { type: 'string' },
        ...ACCESS_OPTIONS,
      },
    });
    return {
      task: readTask(positionals, values.reason),
      ...readAccess(values),
    };
  });
}

function readTask([word = 'list', id, ...more]: readonly string[], reason: string | undefined): MailTask {
  if (more.length > 0) throw new Error(`"${more.join(' ')}" is too much: put texts of several words in quotes`);
  if (word === 'list' && id === undefined) {
    if (reason !== undefined) throw new Error('--reason goes with retry and drop');
    return { kind: 'list' };
  }
  if (word !== 'retry' && word !== 'drop') throw new Error(`mail takes retry or drop with an id, not "${word}"`);
  if (id === undefined || !/^[\da-f-]{36}$/.test(id)) throw new Error('Name the mail by its id, as the list shows it');
  if (reason === undefined || reason.trim() === '')
    throw new Error('Say why, for those who read the audit: --reason "…"');
  return { kind: word, id, reason };
}
