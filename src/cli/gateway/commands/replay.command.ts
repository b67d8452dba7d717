import { readBase } from '../access-options.js';
import { gatewayCommand } from '../command.js';

/** Who is to answer: an arm of the gateway, or another address. */
export type Against = { readonly arm: 'native' | 'php' } | { readonly url: string };

/** `replay`: fixtures sent again, the answers compared. */
export const replayCommand = gatewayCommand(
  {
    name: 'replay',
    summary: "sends fixtures again and compares the answers with PHP's (--against native, php or an address)",
    about: "Sends fixtures again and compares the answers with PHP's: the parity report.",
    usage: [
      ['--against native', 'all of fixtures/'],
      ['conversations.list --against php', 'one route, or files, or folders'],
      ['--against https://staging.example --user-token-file token', ''],
    ],
    options: {
      against: {
        type: 'string',
        value: '<who>',
        about: "native, php: that arm of the gateway, whatever the route's stage; or an address",
      },
      fixtures: { type: 'string', value: '<folder>', about: 'where names of routes are looked for; else fixtures' },
      writes: { type: 'boolean', about: 'sends writes too, each caller of the recording as a new account of its own' },
      confirm: {
        type: 'string',
        value: '<host>',
        about: 'with --writes: the host, where it is not this machine or says that it is production',
      },
      'user-token-file': {
        type: 'string',
        value: '<file>',
        about: 'the access token of a test account, for who was a user in the recording',
      },
      'admin-token-file': {
        type: 'string',
        value: '<file>',
        about:
          'and for who was an administrator; else tokens are made with JWT_SECRET, for this machine or the gateway alone',
      },
    },
    exits: 'Exit code: 0 nothing differs, 1 something does or nothing was compared.',
    read: (words, values) => ({
      against: readAgainst(values.against),
      names: words,
      folder: values.fixtures ?? 'fixtures',
      allowsWrites: values.writes === true,
      confirm: values.confirm,
      userTokenFile: values['user-token-file'],
      adminTokenFile: values['admin-token-file'],
    }),
  },
  async () => (await import('../replay-command.js')).replay,
);

function readAgainst(text: string | undefined): Against {
  if (text === undefined) throw new Error('Say who is to answer: --against native, php or an address');
  if (text === 'native' || text === 'php') return { arm: text };
  try {
    return { url: readBase(text) };
  } catch (error) {
    throw new Error((error as Error).message.replaceAll('--base', '--against'), { cause: error });
  }
}
