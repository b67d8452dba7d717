import { styleText } from 'node:util';
import { asAnswerFault } from './answer-fault.js';
import { printable, printableJson } from './printable.js';

/** Dresses a text for standard output. */
export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

/** With colours where standard output is a terminal that has them, as NO_COLOR and FORCE_COLOR say otherwise. */
export const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout });

/** Prints a result. @returns `code` */
export function tell(text: string, code = 0): number {
  process.stdout.write(`${text}\n`);
  return code;
}

/** Says what is not the result, on one line. */
export function warn(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/**
 * Prints what a gateway answered, for machines or people.
 * @throws AdminCallError where the answer is not what a gateway of this release says
 */
export function tellAnswer(
  data: unknown,
  { isJson, base }: { readonly isJson: boolean; readonly base: string },
  print: () => string,
): number {
  if (isJson) return tell(printableJson(data));
  try {
    return tell(print());
  } catch (error) {
    throw asAnswerFault(error, base);
  }
}
