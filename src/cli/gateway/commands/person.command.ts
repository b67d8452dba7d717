import { gatewayCommand } from '../command.js';

export type PersonTask =
  | { readonly kind: 'export'; readonly out: string }
  | { readonly kind: 'erase'; readonly reason: string; readonly withAccount: boolean; readonly isDryRun: boolean };

/** `person`: a person's data, exported or erased. */
export const personCommand = gatewayCommand(
  {
    name: 'person',
    summary: "a person's data: person export <user> --out FILE, person erase <user> --reason WHY",
    about: "What is kept of one person, in PHP's files and in the gateway's database.",
    usage: [
      ['export user_1f2e --out person.json', ''],
      ['erase user_1f2e --dry-run', ''],
      ['erase user_1f2e --reason "asked on 3 May, ticket 812"', ''],
    ],
    notes: `An export is one JSON file that its owner alone can read, with a manifest: counts and SHA-256 of each part. An erasure ends the person's
sign-ins, erases, looks at both stores anew and says what it has found; killed in the midst of it, it is simply done again. It is
recorded who did it, when and why; whom it was about only as a keyed hash.`,
    options: {
      out: { type: 'string', value: '<file>', about: 'where the export goes; it must not be there yet' },
      reason: { type: 'string', value: '<text>', about: 'why, for the record' },
      email: {
        type: 'string',
        value: '<address>',
        about: "besides the account's: contacts, leads and mail that only name an address",
      },
      account: { type: 'boolean', about: 'erases the account too: nobody signs in as this person again' },
      'dry-run': { type: 'boolean', about: 'says what there is, and erases nothing' },
    },
    exits: 'Exit code: 0 done, 1 refused, or something is left.',
    read: ([word, subject, ...more], values) => {
      if (word !== 'export' && word !== 'erase') throw new Error('Say export or erase');
      if (subject === undefined || subject === '' || more.length > 0)
        throw new Error('Name one person, by the id of the user');
      return { task: word === 'export' ? readExport(values) : readErase(values), subject, email: values.email };
    },
  },
  async () => (await import('../person-command.js')).person,
);

interface Values {
  readonly out?: string;
  readonly reason?: string;
  readonly account?: boolean;
  readonly 'dry-run'?: boolean;
}

function readExport({ out, reason, account, ...rest }: Values): PersonTask {
  if (out === undefined || out === '') throw new Error('Say where it goes: --out person.json');
  if (reason !== undefined || account !== undefined || rest['dry-run'] !== undefined)
    throw new Error('--reason, --account and --dry-run go with erase');
  return { kind: 'export', out };
}

function readErase({ out, reason = '', account, ...rest }: Values): PersonTask {
  if (out !== undefined) throw new Error('--out goes with export');
  const isDryRun = rest['dry-run'] === true;
  if (!isDryRun && reason.trim() === '') throw new Error('Say why, for the record: --reason "…"');
  return { kind: 'erase', reason, withAccount: account === true, isDryRun };
}
