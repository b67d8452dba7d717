import { parseArgs } from 'node:util';

/** What `npm start -- …` was asked: options are environment variables by a shorter name. */
export type StartOptions =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'start'; readonly env: Readonly<Record<string, string>> }
  | { readonly kind: 'fault'; readonly problem: string };

const ENV_OF = {
  port: 'PORT',
  host: 'HOST',
  php: 'REMOTE_PHP_BASE',
  routes: 'ROUTES_FILE',
  workers: 'GATEWAY_WORKERS',
  'log-level': 'LOG_LEVEL',
} as const;

export const HELP = `Donna Gateway: stands in front of a PHP application and replaces it endpoint by endpoint.

  npm start                                  the gateway with the PHP application that comes with it
  npm start -- --php http://127.0.0.1:8080   the gateway before your own PHP application, unchanged

Options (each is an environment variable too; a file .env is read as well, see .env.example)
  --port <number>      PORT             where to listen                        3000
  --host <address>     HOST             on which address                       127.0.0.1 (production: 0.0.0.0)
  --php <url>[,<url>]  REMOTE_PHP_BASE  the PHP application's address(es)      embedded: legacy-php/
  --routes <file>      ROUTES_FILE      the route table                        routes.yaml (with --php: routes.pass-through.yaml)
  --workers <number>   GATEWAY_WORKERS  how many processes serve (with a database) 1
  --log-level <level>  LOG_LEVEL        silent, error, warn, info, debug       info
  --version            prints the version
  --help               prints this

Signals
  SIGTERM, SIGINT      finish what is under way, then stop (a worker alone: another takes its place)
  SIGHUP               read the route table again (it is watched anyway)
`;

/** Reads the command line's arguments. */
export function readStartOptions(args: readonly string[]): StartOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
        port: { type: 'string' },
        host: { type: 'string' },
        php: { type: 'string' },
        routes: { type: 'string' },
        workers: { type: 'string' },
        'log-level': { type: 'string' },
      },
    });
    if (values.help === true) return { kind: 'help' };
    if (values.version === true) return { kind: 'version' };
    const env: Record<string, string> = {};
    for (const [option, name] of Object.entries(ENV_OF)) {
      const value = values[option as keyof typeof ENV_OF];
      if (value !== undefined) env[name] = value;
    }
    return { kind: 'start', env };
  } catch (error) {
    return { kind: 'fault', problem: error instanceof Error ? error.message : 'the arguments cannot be read' };
  }
}
