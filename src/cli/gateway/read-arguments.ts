import { parseArgs } from 'node:util';
import { didYouMean } from './nearest-word.js';

/** One option, as it is read and as help tells it. */
export interface OptionSpec {
  readonly type: 'boolean' | 'string';
  /** `<url>`: what stands for its value. */
  readonly value?: string;
  readonly about: string;
  readonly short?: string;
}

/** Options by name, in the order in which help tells them. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** What was given of them. */
export type ValuesOf<Specs extends OptionSpecs> = {
  readonly [Name in keyof Specs]?: Specs[Name]['type'] extends 'boolean' ? boolean : string;
};

/** The words and options of a command line. @throws Error that says what is wrong */
export function readArguments<Specs extends OptionSpecs>(
  args: readonly string[],
  specs: Specs,
): { readonly words: readonly string[]; readonly values: ValuesOf<Specs> } {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { type, short }]) => [name, { type, ...(short === undefined ? {} : { short }) }]),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const names = Object.keys(specs);
  for (const token of tokens)
    if (token.kind === 'option' && !names.includes(token.name))
      throw new Error(
        `${token.rawName} is not known${didYouMean(
          token.rawName,
          names.map((name) => `--${name}`),
        )}`,
      );
  const { values, positionals } = parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  return { words: positionals, values: values as ValuesOf<Specs> };
}

/** The name of a route. @throws Error when it is none */
export function named(route: string | undefined): string {
  if (route === undefined || !/^[a-z][a-z0-9.-]{0,79}$/.test(route))
    throw new Error('Name the route as the route table does, such as conversations.list');
  return route;
}

/** What was meant as one text. @throws Error where there are more words than a command takes */
export function noMore(more: readonly string[]): void {
  if (more.length > 0) throw new Error(`"${more.join(' ')}" is too much: put texts of several words in quotes`);
}

/** A reason. @throws Error where there is none */
export function givenReason(reason: string | undefined, readers = 'the history'): string {
  if (reason === undefined || reason.trim() === '')
    throw new Error(`Say why, for those who read ${readers}: --reason "…"`);
  return reason;
}
