import { parseArgs } from 'node:util';
import { ACCESS_OPTIONS, readAccess } from './access-options.js';
import { readBase } from './gateway-options.js';
import { type OwnOptions, readOwn } from './operator-access.js';

/** Who is to answer: an arm of the gateway, or another address. */
export type Against = { readonly arm: 'native' | 'php' } | { readonly url: string };

export interface ReplayCommandOptions {
  readonly against: Against;
  /** Files, folders or names of routes; empty: all of `folder`. */
  readonly names: readonly string[];
  readonly folder: string;
  readonly allowsWrites: boolean;
  readonly confirm: string | undefined;
  readonly userTokenFile: string | undefined;
  readonly adminTokenFile: string | undefined;
  readonly base: string | undefined;
  readonly tokenFile: string | undefined;
  readonly isJson: boolean;
}

const HELP = `Sends fixtures again and compares the answers with PHP's: the parity report.

  npm run gateway -- replay --against native                          all of fixtures/
  npm run gateway -- replay conversations.list --against php          one route, or files, or folders
  npm run gateway -- replay --against https://staging.example --user-token-file token

Options
  --against <who>            native, php: that arm of the gateway, whatever the route's stage; or an address
  --fixtures <folder>        where names of routes are looked for     fixtures
  --writes                   sends writes too, each caller of the recording as a new account of its own
  --confirm <host>           with --writes: the host, where it is not this machine or says that it is production
  --user-token-file <file>   the access token of a test account, for who was a user in the recording
  --admin-token-file <file>  and for who was an administrator; without these, tokens are made with JWT_SECRET,
                             and are sent to this machine or the gateway alone
  --base <url>               the gateway                              http://127.0.0.1:<PORT>
  --token-file <file>        an administrator's access token, - for standard input; else one is made with JWT_SECRET
  --json                     for machines

Exit code: 0 nothing differs, 1 something does or nothing was compared; others as npm run gateway -- --help says.
`;

/** Reads what comes after `replay`. */
export function readReplayOptions(args: readonly string[]): OwnOptions<ReplayCommandOptions> {
  return readOwn(HELP, args.includes('--help') || args.includes('-h'), () => {
    const { values, positionals } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        against: { type: 'string' },
        fixtures: { type: 'string' },
        writes: { type: 'boolean' },
        confirm: { type: 'string' },
        'user-token-file': { type: 'string' },
        'admin-token-file': { type: 'string' },
        ...ACCESS_OPTIONS,
      },
    });
    return {
      against: readAgainst(values.against),
      names: positionals,
      folder: values.fixtures ?? 'fixtures',
      allowsWrites: values.writes === true,
      confirm: values.confirm,
      userTokenFile: values['user-token-file'],
      adminTokenFile: values['admin-token-file'],
      ...readAccess(values),
    };
  });
}

function readAgainst(text: string | undefined): Against {
  if (text === undefined) throw new Error('Say who is to answer: --against native, php or an address');
  if (text === 'native' || text === 'php') return { arm: text };
  try {
    return { url: readBase(text) };
  } catch (error) {
    throw new Error((error as Error).message.replaceAll('--base', '--against'), { cause: error });
  }
}
