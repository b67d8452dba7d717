import { parseArgs } from 'node:util';
import { ACCESS_OPTIONS, readAccess } from './access-options.js';
import { named } from './gateway-options.js';
import { type OwnOptions, readOwn } from './operator-access.js';

export interface RecordOptions {
  readonly kind: 'record' | 'status' | 'stop';
  readonly routes: readonly string[];
  readonly out: string;
  readonly replaces: boolean;
  /** What `POST /admin/api/recording` takes besides; the gateway has its own defaults. */
  readonly bounds: Readonly<Record<string, number | string | readonly string[]>>;
  readonly base: string | undefined;
  readonly tokenFile: string | undefined;
  readonly isJson: boolean;
}

const HELP = `Keeps real traffic of routes as fixtures, with everything personal taken out, while the gateway serves it.

  npm run gateway -- record conversations.list conversations.create
  npm run gateway -- record --status          what is being recorded
  npm run gateway -- record --stop            ends it, and writes what it has

Stops by itself at a bound, or at Ctrl-C; a fixture is a file <out>/<route>/<number>-<method>-<action>-<status>.json.
It records what this instance of the gateway serves, in its memory: what was not written before a restart is gone.

Options
  --out <folder>       where the files go                             fixtures
  --replace            first removes the fixtures that these routes have there
  --name <name>        what the fixtures are called together          the time of the start
  --max <n>            fixtures, 1 to 2000                            200
  --max-bytes <n>      of all of them, at most 16777216               4194304
  --seconds <n>        1 to 3600                                      300
  --sample <share>     of the requests, above 0 to 1                  1
  --keep <a,b>         fields that are shown as they are: only what is never personal
  --fields <a,b>       fields that are shown by name, with stand-ins for their values
  --base <url>         the gateway                                    http://127.0.0.1:<PORT>
  --token-file <file>  an administrator's access token, - for standard input; else one is made with JWT_SECRET
  --json               for machines

Exit code: 0 something was recorded, 1 nothing was, or it was refused; others as npm run gateway -- --help says.
`;

/** Reads what comes after `record`. */
export function readRecordOptions(args: readonly string[]): OwnOptions<RecordOptions> {
  return readOwn(HELP, args.includes('--help') || args.includes('-h'), () => {
    const { values, positionals } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        status: { type: 'boolean' },
        stop: { type: 'boolean' },
        replace: { type: 'boolean' },
        out: { type: 'string' },
        name: { type: 'string' },
        max: { type: 'string' },
        'max-bytes': { type: 'string' },
        seconds: { type: 'string' },
        sample: { type: 'string' },
        keep: { type: 'string' },
        fields: { type: 'string' },
        ...ACCESS_OPTIONS,
      },
    });
    const kind = values.status === true ? 'status' : values.stop === true ? 'stop' : 'record';
    if (kind === 'record' && positionals.length === 0)
      throw new Error('Say which routes: npm run gateway -- record conversations.list');
    if (kind !== 'record' && positionals.length > 0) throw new Error(`--${kind} takes no route`);
    return {
      kind,
      routes: positionals.map(named),
      out: values.out ?? 'fixtures',
      replaces: values.replace === true,
      bounds: {
        ...(values.name === undefined ? {} : { name: values.name }),
        ...numberOf('maxFixtures', '--max', values.max),
        ...numberOf('maxBytes', '--max-bytes', values['max-bytes']),
        ...numberOf('seconds', '--seconds', values.seconds),
        ...numberOf('sample', '--sample', values.sample),
        ...namesOf('keep', values.keep),
        ...namesOf('fields', values.fields),
      },
      ...readAccess(values),
    };
  });
}

function numberOf(name: string, option: string, text: string | undefined): Record<string, number> {
  if (text === undefined) return {};
  if (!/^\d{1,9}(?:\.\d{1,6})?$/.test(text)) throw new Error(`${option} must be a number`);
  return { [name]: Number(text) };
}

function namesOf(name: string, text: string | undefined): Record<string, readonly string[]> {
  return text === undefined ? {} : { [name]: text.split(',').filter((one) => one !== '') };
}
