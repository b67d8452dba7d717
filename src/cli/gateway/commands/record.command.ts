import { gatewayCommand } from '../command.js';
import { named } from '../read-arguments.js';

/** What `POST /admin/api/recording` takes besides the routes; the gateway has its own defaults. */
export type RecordBounds = Readonly<Record<string, number | string | readonly string[]>>;

export type RecordKind = 'record' | 'status' | 'stop';

/** `record`: real traffic as fixtures. */
export const recordCommand = gatewayCommand(
  {
    name: 'record',
    summary: 'keeps real traffic of routes as fixtures, redacted (--status, --stop)',
    about: 'Keeps real traffic of routes as fixtures, with everything personal taken out, while the gateway serves it.',
    usage: [
      ['conversations.list conversations.create', ''],
      ['--status', 'what is being recorded'],
      ['--stop', 'ends it, and writes what it has'],
    ],
    notes: `Stops by itself at a bound, or at Ctrl-C; a fixture is a file <out>/<route>/<number>-<method>-<action>-<status>.json.
It records what this instance of the gateway serves, in its memory: what was not written before a restart is gone.`,
    options: {
      status: { type: 'boolean', about: 'shows what is being recorded' },
      stop: { type: 'boolean', about: 'ends the recording' },
      out: { type: 'string', value: '<folder>', about: 'where the files go; else fixtures' },
      replace: { type: 'boolean', about: 'first removes the fixtures that these routes have there' },
      name: { type: 'string', value: '<name>', about: 'what they are called together; else the time of the start' },
      max: { type: 'string', value: '<n>', about: 'fixtures, 1 to 2000; else 200' },
      'max-bytes': { type: 'string', value: '<n>', about: 'of all of them, at most 16777216; else 4194304' },
      seconds: { type: 'string', value: '<n>', about: '1 to 3600; else 300' },
      sample: { type: 'string', value: '<share>', about: 'of the requests, above 0 to 1; else 1' },
      keep: { type: 'string', value: '<a,b>', about: 'fields that are shown as they are: only what is never personal' },
      fields: {
        type: 'string',
        value: '<a,b>',
        about: 'fields that are shown by name, with stand-ins for their values',
      },
    },
    exits: 'Exit code: 0 something was recorded, 1 nothing was, or it was refused.',
    read: (words, values) => {
      const kind: RecordKind = values.status === true ? 'status' : values.stop === true ? 'stop' : 'record';
      if (kind === 'record' && words.length === 0)
        throw new Error('Say which routes: npm run gateway -- record conversations.list');
      if (kind !== 'record' && words.length > 0) throw new Error(`--${kind} takes no route`);
      const bounds: RecordBounds = {
        ...(values.name === undefined ? {} : { name: values.name }),
        ...numberOf('maxFixtures', '--max', values.max),
        ...numberOf('maxBytes', '--max-bytes', values['max-bytes']),
        ...numberOf('seconds', '--seconds', values.seconds),
        ...numberOf('sample', '--sample', values.sample),
        ...namesOf('keep', values.keep),
        ...namesOf('fields', values.fields),
      };
      return {
        kind,
        routes: words.map(named),
        out: values.out ?? 'fixtures',
        replaces: values.replace === true,
        bounds,
      };
    },
  },
  async () => (await import('../record-command.js')).record,
);

function numberOf(name: string, option: string, text: string | undefined): Record<string, number> {
  if (text === undefined) return {};
  if (!/^\d{1,9}(?:\.\d{1,6})?$/.test(text)) throw new Error(`${option} must be a number`);
  return { [name]: Number(text) };
}

function namesOf(name: string, text: string | undefined): Record<string, readonly string[]> {
  return text === undefined ? {} : { [name]: text.split(',').filter((one) => one !== '') };
}
