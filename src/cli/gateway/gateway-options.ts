import { parseArgs } from 'node:util';

/** What `npm run gateway -- migrate …` was asked. */
export interface MigrateCommand {
  readonly kind: 'migrate';
  /** `all`: one after the other. */
  readonly collection: string;
  readonly isBack: boolean;
  readonly isDryRun: boolean;
  readonly isVerifyOnly: boolean;
  /** Stops the run that is under way. */
  readonly isStop: boolean;
}

/** What `npm run gateway -- …` was asked. */
export type GatewayCommand =
  | MigrateCommand
  | { readonly kind: 'stages' | 'replication' }
  | { readonly kind: 'show' | 'history' | 'explain'; readonly route: string }
  | {
      readonly kind: 'set';
      readonly route: string;
      readonly stage: string;
      readonly weight: number | undefined;
      readonly reason: string;
    }
  | { readonly kind: 'clear'; readonly route: string; readonly reason: string };

export type GatewayOptions =
  | { readonly kind: 'help' }
  | { readonly kind: 'fault'; readonly problem: string }
  | {
      readonly kind: 'run';
      readonly command: GatewayCommand;
      /** Without a slash at the end; undefined: the gateway that this configuration starts. */
      readonly base: string | undefined;
      readonly tokenFile: string | undefined;
      readonly isJson: boolean;
      /** Routes with one possible stage too. */
      readonly isAll: boolean;
    };

export const GATEWAY_HELP = `What an operator asks of a gateway that runs: who answers its routes, and what becomes of the data.

  npm run gateway -- stages                                every route that can have more than one stage
  npm run gateway -- stage conversations.list              one route
  npm run gateway -- stage conversations.list canary --weight 10 --reason "first callers"
  npm run gateway -- stage conversations.list proxy --reason "wrong totals"        roll back: in effect within a second
  npm run gateway -- stage conversations.list --clear --reason "routes.yaml says it now"
  npm run gateway -- history conversations.list            who changed it, when and why, latest first
  npm run gateway -- explain conversations.list            how the handler compares with PHP, the verdict on it, and what was decided
  npm run gateway -- replication                           what PHP has not been told yet: look before PHP answers again
  npm run gateway -- record conversations.list             keeps real traffic as fixtures, redacted (record --help)
  npm run gateway -- replay --against native               sends fixtures again and compares the answers (replay --help)
  npm run gateway -- migrate conversations --dry-run       PHP's data into Postgres: what would be carried, what is malformed
  npm run gateway -- migrate all                           conversations, then settings; goes on where a killed run was
  npm run gateway -- migrate settings --verify             compares both sides: owners, items, SHA-256
  npm run gateway -- migrate conversations --back          brings PHP's documents to what Postgres says
  npm run gateway -- cache purge --route sales.overview    throws stored answers away (cache --help)
  npm run gateway -- cleanup --dry-run                     what the retention policy would remove (cleanup --help)
  npm run gateway -- person export <user> --out FILE       a person's data, exported or erased (person --help)
  npm run gateway -- mail                                  mail that waits, and what could not be sent (mail --help)

Stages
  proxy     PHP answers
  mirror    PHP answers; the native handler may be asked besides
  canary    the native handler answers --weight callers of 100, always the same ones; PHP the others
  replaced  the native handler answers

Options
  --weight <0-100>     with canary
  --reason <text>      why, for those who read the history; needed for every change
  --clear              takes the override back: the stage of the route table holds again
  --dry-run            with migrate: reads everything, writes nothing
  --verify             with migrate: compares, carries nothing; without it a run compares at its end
  --back               with migrate: from Postgres to PHP
  --stop               with migrate: stops the run that is under way; Ctrl-C only stops looking on
  --base <url>         the gateway                          http://127.0.0.1:<PORT>
  --token-file <file>  an administrator's access token, - for standard input; else one is made with JWT_SECRET
  --all                with stages: routes with one possible stage too
  --json               for machines
  --help               prints this

Exit code: 0 done, 1 refused or failed (a migration: not all is equal), 64 a command line that is not understood, 69 no gateway answers, 77 not allowed,
78 a configuration that cannot be loaded.
`;

/** Reads the command line. */
export function readGatewayOptions(args: readonly string[]): GatewayOptions {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        json: { type: 'boolean' },
        all: { type: 'boolean' },
        clear: { type: 'boolean' },
        'dry-run': { type: 'boolean' },
        verify: { type: 'boolean' },
        back: { type: 'boolean' },
        stop: { type: 'boolean' },
        base: { type: 'string' },
        weight: { type: 'string' },
        reason: { type: 'string' },
        'token-file': { type: 'string' },
      },
    });
    if (values.help === true) return { kind: 'help' };
    const command = readCommand(positionals, values);
    const base = values.base === undefined ? undefined : readBase(values.base);
    return {
      kind: 'run',
      command,
      base,
      tokenFile: values['token-file'],
      isJson: values.json === true,
      isAll: values.all === true,
    };
  } catch (error) {
    // By its shape: what Node throws is not of this realm under a test runner.
    const { message } = error as { readonly message?: unknown };
    return { kind: 'fault', problem: typeof message === 'string' ? message : 'the arguments cannot be read' };
  }
}

interface Values {
  readonly 'dry-run'?: boolean;
  readonly verify?: boolean;
  readonly back?: boolean;
  readonly stop?: boolean;
  readonly clear?: boolean;
  readonly weight?: string;
  readonly reason?: string;
}

function readCommand(words: readonly string[], values: Values): GatewayCommand {
  const [name, route, stage, ...more] = words;
  if (more.length > 0) throw new Error(`"${more.join(' ')}" is too much: put texts of several words in quotes`);
  switch (name) {
    case undefined:
      throw new Error('Say what to do: stages, stage, history, explain, replication or migrate');
    case 'stages':
      if (route !== undefined) throw new Error(`stages takes no route: npm run gateway -- stage ${route}`);
      return { kind: 'stages' };
    case 'replication':
      if (route !== undefined) throw new Error(`replication takes nothing, not "${route}"`);
      return { kind: 'replication' };
    case 'history':
      if (stage !== undefined) throw new Error(`history takes a route alone, not "${stage}"`);
      return { kind: 'history', route: named(route) };
    case 'explain':
      if (stage !== undefined) throw new Error(`explain takes a route alone, not "${stage}"`);
      return { kind: 'explain', route: named(route) };
    case 'migrate':
      if (stage !== undefined) throw new Error(`migrate takes one collection or all, not "${stage}" besides`);
      return readMigrate(route, values);
    case 'stage':
      return readStage(named(route), stage, values);
    default:
      throw new Error(`"${name}" is not known: stages, stage, history, explain, replication or migrate`);
  }
}

function readMigrate(collection: string | undefined, values: Values): MigrateCommand {
  if (collection === undefined || !/^[a-z]{1,40}$/.test(collection))
    throw new Error('Say what to migrate: conversations, settings or all');
  const isDryRun = values['dry-run'] === true;
  const isVerifyOnly = values.verify === true;
  if (isDryRun && isVerifyOnly) throw new Error('--verify writes nothing anyway: leave --dry-run out');
  return {
    kind: 'migrate',
    collection,
    isBack: values.back === true,
    isDryRun,
    isVerifyOnly,
    isStop: values.stop === true,
  };
}

function readStage(route: string, stage: string | undefined, { clear, weight, reason }: Values): GatewayCommand {
  if (clear === true) {
    if (stage !== undefined || weight !== undefined) throw new Error('--clear takes neither a stage nor a weight');
    return { kind: 'clear', route, reason: given(reason) };
  }
  if (stage === undefined) {
    if (weight !== undefined || reason !== undefined)
      throw new Error('Say which stage: proxy, mirror, canary, replaced');
    return { kind: 'show', route };
  }
  const number = weight === undefined ? undefined : readWeight(weight);
  return { kind: 'set', route, stage, weight: number, reason: given(reason) };
}

/** @throws Error when it is no name of a route */
export function named(route: string | undefined): string {
  if (route === undefined || !/^[a-z][a-z0-9.-]{0,79}$/.test(route))
    throw new Error('Name the route as the route table does, such as conversations.list');
  return route;
}

function given(reason: string | undefined): string {
  if (reason === undefined || reason.trim() === '')
    throw new Error('Say why, for those who read the history: --reason "…"');
  return reason;
}

function readWeight(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) > 100) throw new Error('--weight must be a whole number from 0 to 100');
  return Number(text);
}

/** An address that an administrator's token may be sent to, without a slash at its end. @throws Error that says what is wrong */
export function readBase(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new Error('--base must be a URL such as http://127.0.0.1:3000');
  if (url.username !== '' || url.search !== '' || url.hash !== '')
    throw new Error('--base must hold neither a user name nor a query');
  // An administrator's token is for nobody on the way.
  if (url.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname))
    throw new Error(
      '--base must be https, or an address of this machine: the token would go over the network in the clear',
    );
  return url.origin + url.pathname.replace(/\/+$/, '');
}
