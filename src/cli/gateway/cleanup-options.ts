import { parseArgs } from 'node:util';
import { ACCESS_OPTIONS, readAccess } from './access-options.js';
import { type OwnOptions, readOwn } from './operator-access.js';

export interface CleanupOptions {
  readonly isDryRun: boolean;
  readonly isVerbose: boolean;
  readonly isStatus: boolean;
  readonly isJson: boolean;
  readonly base: string | undefined;
  readonly tokenFile: string | undefined;
}

const HELP = `Removes from the gateway's database what the retention policy says is too old. PHP's files: legacy-php/scripts/cleanup_runtime_data.php.

  npm run gateway -- cleanup --dry-run     what would go
  npm run gateway -- cleanup
  npm run gateway -- cleanup --status      the policy in force, and the last runs

Options
  --dry-run            removes nothing
  --verbose            names each conversation that goes
  --base <url>         the gateway                                    http://127.0.0.1:<PORT>
  --token-file <file>  an administrator's access token, - for standard input; else one is made with JWT_SECRET
  --json               for machines

Exit code: 0 done, 1 something could not be removed, or another run is under way; others as npm run gateway -- --help says.
`;

/** Reads what comes after `cleanup`. */
export function readCleanupOptions(args: readonly string[]): OwnOptions<CleanupOptions> {
  return readOwn(HELP, args.includes('--help') || args.includes('-h'), () => {
    const { values } = parseArgs({
      args: [...args],
      strict: true,
      options: {
        'dry-run': { type: 'boolean' },
        verbose: { type: 'boolean' },
        status: { type: 'boolean' },
        ...ACCESS_OPTIONS,
      },
    });
    return {
      isDryRun: values['dry-run'] === true,
      isVerbose: values.verbose === true,
      isStatus: values.status === true,
      ...readAccess(values),
    };
  });
}
