import { ACCESS_OPTIONS, type AccessOptions, readAccess } from './access-options.js';
import { asAnswerFault } from './answer-fault.js';
import { openAccess } from './open-access.js';
import type { OperatorAccess } from './operator-access.js';
import { type OptionSpecs, readArguments, type ValuesOf } from './read-arguments.js';

/** What a command tells of itself. Its help, and that of all, is made of this. */
export interface CommandHelp<Specs extends OptionSpecs = OptionSpecs> {
  readonly name: string;
  /** Few words, for the list of all. */
  readonly summary: string;
  /** One sentence, or a few. */
  readonly about: string;
  /** Examples: what comes after the command's name, and what that does. */
  readonly usage: readonly (readonly [words: string, what: string])[];
  /** More to know, below the examples. */
  readonly notes?: string;
  readonly options: Specs;
  /** What its exit codes mean, where that is more than what they mean to all. */
  readonly exits?: string;
}

/** What a command line came to. */
export type CommandReading<Options> =
  | { readonly kind: 'help' }
  | { readonly kind: 'fault'; readonly problem: string }
  | { readonly kind: 'run'; readonly options: Options };

/** What every command's own options come with. */
export interface OutputOptions {
  readonly isJson: boolean;
}

/** A command, ready to be read and run. */
export interface Command<Options = unknown> extends CommandHelp {
  /** Reads what comes after its name. */
  read(args: readonly string[]): CommandReading<Options>;
  /** @returns the exit code @throws AdminCallError, UsageError, NotAllowedError, ConfigError */
  run(options: Options): Promise<number>;
}

interface Definition<Specs extends OptionSpecs, Own> extends CommandHelp<Specs> {
  /** @throws Error that says what is wrong */
  read(words: readonly string[], values: ValuesOf<Specs>): Own;
}

const JSON_OPTION = { json: { type: 'boolean', about: 'for machines' } } as const satisfies OptionSpecs;
const HELP_OPTION = {
  help: { type: 'boolean', short: 'h', about: 'prints this' },
} as const satisfies OptionSpecs;

/** A command that asks a gateway. What it does is loaded when it is run. */
export function gatewayCommand<const Specs extends OptionSpecs, Own extends object>(
  definition: Definition<Specs, Own>,
  load: () => Promise<(options: Own & OutputOptions & AccessOptions, access: OperatorAccess) => Promise<number>>,
): Command<Own & OutputOptions & AccessOptions> {
  const options = { ...definition.options, ...ACCESS_OPTIONS, ...JSON_OPTION, ...HELP_OPTION };
  return {
    ...definition,
    options,
    read: (args) =>
      readWith(args, options, (words, values) => ({
        // The reader takes what it knows of them.
        ...definition.read(words, values as ValuesOf<Specs>),
        ...readAccess(values),
        isJson: values.json === true,
      })),
    run: async (own) => {
      const access = await openAccess(own);
      const work = await load();
      return work(own, access).catch((error: unknown) => {
        throw asAnswerFault(error, access.base);
      });
    },
  };
}

/** A command that asks nobody. */
export function localCommand<const Specs extends OptionSpecs, Own extends object>(
  definition: Definition<Specs, Own>,
  load: () => Promise<(options: Own & OutputOptions) => Promise<number>>,
): Command<Own & OutputOptions> {
  const options = { ...definition.options, ...JSON_OPTION, ...HELP_OPTION };
  return {
    ...definition,
    options,
    read: (args) =>
      readWith(args, options, (words, values) => ({
        ...definition.read(words, values as ValuesOf<Specs>),
        isJson: values.json === true,
      })),
    run: async (own) => (await load())(own),
  };
}

function readWith<Specs extends OptionSpecs, Options>(
  args: readonly string[],
  specs: Specs,
  read: (words: readonly string[], values: ValuesOf<Specs>) => Options,
): CommandReading<Options> {
  if (args.includes('--help') || args.includes('-h')) return { kind: 'help' };
  try {
    const { words, values } = readArguments(args, specs);
    return { kind: 'run', options: read(words, values) };
  } catch (error) {
    // By its shape: what Node throws is not of this realm under a test runner.
    const { message } = error as { readonly message?: unknown };
    return { kind: 'fault', problem: typeof message === 'string' ? message : 'the arguments cannot be read' };
  }
}
