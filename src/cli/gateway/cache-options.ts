import { parseArgs } from 'node:util';
import { ACCESS_OPTIONS, readAccess } from './access-options.js';
import { named } from './gateway-options.js';
import { type OwnOptions, readOwn } from './operator-access.js';

export interface CacheOptions {
  readonly route: string | undefined;
  readonly tag: string | undefined;
  readonly base: string | undefined;
  readonly tokenFile: string | undefined;
  readonly isJson: boolean;
}

const HELP = `Throws away answers that the gateway has stored, in every instance.

  npm run gateway -- cache purge                                    all of them
  npm run gateway -- cache purge --route sales.overview             one route's
  npm run gateway -- cache purge --tag conversations:user_eve       what has a tag, with {subject} written out

Options
  --base <url>         the gateway                                    http://127.0.0.1:<PORT>
  --token-file <file>  an administrator's access token, - for standard input; else one is made with JWT_SECRET
  --json               for machines

Exit codes as npm run gateway -- --help says.
`;

/** Reads what comes after `cache`. */
export function readCacheOptions(args: readonly string[]): OwnOptions<CacheOptions> {
  return readOwn(HELP, args.includes('--help') || args.includes('-h'), () => {
    const { values, positionals } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        route: { type: 'string' },
        tag: { type: 'string' },
        ...ACCESS_OPTIONS,
      },
    });
    if (positionals.join(' ') !== 'purge') throw new Error('Say what to do: cache purge');
    if (values.route !== undefined && values.tag !== undefined) throw new Error('Say --route or --tag, not both');
    return {
      route: values.route === undefined ? undefined : named(values.route),
      tag: values.tag,
      ...readAccess(values),
    };
  });
}
