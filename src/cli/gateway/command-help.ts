import type { Command } from './command.js';
import type { OptionSpec } from './read-arguments.js';

const CALL = 'npm run gateway --';
const WIDEST_EXAMPLE = 64;

/** Exit codes that mean the same to all commands (sysexits.h). */
const EXITS = `Exit code: 0 done, 1 refused or failed, 64 a command line that is not understood, 69 no gateway answers, 77 not allowed,
78 a configuration that cannot be loaded.`;

/** The list of all commands. */
export function overviewHelp(
  groups: readonly { readonly title: string; readonly commands: readonly Command[] }[],
): string {
  const width = Math.max(...groups.flatMap(({ commands }) => commands.map(({ name }) => name.length)));
  const lines = groups.flatMap(({ title, commands }) => [
    title,
    ...commands.map(({ name, summary }) => `  ${CALL} ${name.padEnd(width)}  ${summary}`),
    '',
  ]);
  return [
    'What an operator asks of a gateway that runs: who answers its routes, how they fare, and what becomes of the data.',
    '',
    ...lines,
    `${CALL} <command> --help says what it takes. Each takes --json; colours are for terminals (NO_COLOR, FORCE_COLOR).`,
    '',
    EXITS,
  ].join('\n');
}

/** What one command takes. */
export function commandHelp({ name, about, usage, notes, options, exits }: Command): string {
  const examples = usage.map(([words, what]) => [`${CALL} ${`${name} ${words}`.trim()}`, what] as const);
  const specs = Object.entries(options).map(([option, spec]) => [spellOption(option, spec), spec.about] as const);
  return [
    about,
    '',
    ...columns(examples),
    '',
    ...(notes === undefined ? [] : [notes, '']),
    'Options',
    ...columns(specs),
    '',
    exits ?? EXITS,
    ...(exits === undefined ? [] : [`Others as ${CALL} --help says.`]),
  ].join('\n');
}

function spellOption(name: string, { value }: OptionSpec): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}

function columns(rows: readonly (readonly [left: string, right: string])[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length).filter((length) => length <= WIDEST_EXAMPLE), 0);
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd());
}
