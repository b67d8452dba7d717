import { parseArgs } from 'node:util';
import { ACCESS_OPTIONS, readAccess } from './access-options.js';
import { type OwnOptions, readOwn } from './operator-access.js';

export interface PersonOptions {
  readonly task:
    | { readonly kind: 'export'; readonly out: string }
    | { readonly kind: 'erase'; readonly reason: string; readonly withAccount: boolean; readonly isDryRun: boolean };
  readonly subject: string;
  readonly email: string | undefined;
  readonly isJson: boolean;
  readonly base: string | undefined;
  readonly tokenFile: string | undefined;
}

const HELP = `What is kept of one person, in PHP's files and in the gateway's database.

  npm run gateway -- person export user_1f2e --out person.json
  npm run gateway -- person erase user_1f2e --dry-run
  npm run gateway -- person erase user_1f2e --reason "asked on 3 May, ticket 812"

An export is one JSON file that its owner alone can read, with a manifest: counts and SHA-256 of each part. An erasure ends the person's
sign-ins, erases, looks at both stores anew and says what it has found; killed in the midst of it, it is simply done again. It is
recorded who did it, when and why; whom it was about only as a keyed hash.

Options
  --out <file>         where the export goes; it must not be there yet
  --reason <text>      why, for the record
  --email <address>    besides the account's: contacts, leads and mail that only name an address
  --account            erases the account too: nobody signs in as this person again
  --dry-run            says what there is, and erases nothing
  --base <url>         the gateway                                    http://127.0.0.1:<PORT>
  --token-file <file>  an administrator's access token, - for standard input; else one is made with JWT_SECRET
  --json               for machines

Exit code: 0 done, 1 refused, or something is left; others as npm run gateway -- --help says.
`;

/** Reads what comes after `person`. */
export function readPersonOptions(args: readonly string[]): OwnOptions<PersonOptions> {
  return readOwn(HELP, args.includes('--help') || args.includes('-h'), () => {
    const { values, positionals } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        out: { type: 'string' },
        reason: { type: 'string' },
        email: { type: 'string' },
        account: { type: 'boolean' },
        'dry-run': { type: 'boolean' },
        ...ACCESS_OPTIONS,
      },
    });
    const [word, subject, ...more] = positionals;
    if (word !== 'export' && word !== 'erase') throw new Error('Say export or erase');
    if (subject === undefined || subject === '' || more.length > 0)
      throw new Error('Name one person, by the id of the user');
    return {
      task: word === 'export' ? readExport(values) : readErase(values),
      subject,
      email: values.email,
      ...readAccess(values),
    };
  });
}

interface Values {
  readonly out?: string;
  readonly reason?: string;
  readonly account?: boolean;
  readonly 'dry-run'?: boolean;
}

function readExport({ out, reason, account, ...rest }: Values): PersonOptions['task'] {
  if (out === undefined || out === '') throw new Error('Say where it goes: --out person.json');
  if (reason !== undefined || account !== undefined || rest['dry-run'] !== undefined)
    throw new Error('--reason, --account and --dry-run go with erase');
  return { kind: 'export', out };
}

function readErase({ out, reason = '', account, ...rest }: Values): PersonOptions['task'] {
  if (out !== undefined) throw new Error('--out goes with export');
  const isDryRun = rest['dry-run'] === true;
  if (!isDryRun && reason.trim() === '') throw new Error('Say why, for the record: --reason "…"');
  return { kind: 'erase', reason, withAccount: account === true, isDryRun };
}
