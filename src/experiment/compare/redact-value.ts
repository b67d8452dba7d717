import { formatsOf } from './value-format.js';

/** Numbers of up to four characters are shown: no phone number, no account, no code. */
const SHORT_NUMBER = /^-?[\d.]{1,4}$/;

/** What kind of value it is, instead of the value: `string(36) uuid`. The default of CompareSettings. */
export function redactToShape(value: string): string {
  if (SHORT_NUMBER.test(value)) return value;
  const format = formatsOf('string', value)[0];
  return `string(${value.length})${format === undefined ? '' : ` ${format.name}`}`;
}
