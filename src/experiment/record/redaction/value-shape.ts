import { formatsOf } from '../../compare/value-format.js';

/**
 * What a value has in common with its stand-in: kind, format, length. A text that two values share exactly when one can
 * stand for the other, such as `email`, `word:7`, `text:40:n2`, `number:-99.9`, `id:conv_{hex:24}`.
 */
export type Shape = string;

/** What a server puts before the ids that it makes. Nothing else of an id is kept: people's names stand there too. */
const ID_PREFIX =
  /^(anon|call|chat|client|contact|conv|conversation|email|event|evt|file|item|lead|mail|meeting|message|msg|note|order|req|session|task|user)([_:.-])/i;
const EMAIL = /^[^\s@]{1,64}@[^\s@.]+(?:\.[^\s@.]+)+$/;
const URL_START = /^https?:\/\//i;
const PHONE = /^\+?[\d\s()./-]{7,24}$/;
const WORD = /^[A-Za-z][A-Za-z0-9._-]*$/;
const ID = /^[A-Za-z0-9_.:-]{1,128}$/;
const DIGITS = /^\d+$/;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}(?:[T ][\d:.]{4,18}(?:Z|[+-]\d{2}:?\d{2})?)?$/;
const MANY_DIGITS = 7;
/** A time that is not past when it is recorded stays one that is to come. */
const MS_OF_DAY = 86_400_000;

/** `isId`: by the name of its field. `now`: unix time in ms. */
export function shapeOf(text: string, isId: boolean, now: number): Shape {
  if (text.trim() === '') return `blank:${text}`;
  const formats = formatsOf('string', text).map(({ name }) => name);
  if (formats.includes('uuid')) return 'id:{uuid}';
  if (EMAIL.test(text)) return 'email';
  if (ISO_TIME.test(text) && !Number.isNaN(msOf(text))) return timeShape(text, now);
  if (isId && ID.test(text)) return `id:${idShape(text)}`;
  if (DIGITS.test(text)) return `digits:${text.length}`;
  if (formats.includes('hex') || formats.includes('token')) return `id:${idShape(text)}`;
  if (URL_START.test(text)) return 'url';
  if (PHONE.test(text) && (text.match(/\d/g) ?? []).length >= MANY_DIGITS) return `phone:${digitsToNines(text)}`;
  if (WORD.test(text)) return `word:${text.length}`;
  return `text:${[...text].length}:${featuresOf(text)}`;
}

/** The shape of a number as it is spelt. */
export function numberShape(text: string): Shape {
  return `number:${digitsToNines(text)}`;
}

function timeShape(text: string, now: number): Shape {
  return `time:${msOf(text) > now + MS_OF_DAY ? 'future' : 'past'}:${digitsToNines(text)}`;
}

function msOf(text: string): number {
  return Date.parse(text.replace(' ', 'T').replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
}

function idShape(text: string): string {
  const prefix = ID_PREFIX.exec(text)?.[0] ?? '';
  const rest = text.slice(prefix.length);
  const characters = DIGITS.test(rest) ? 'digits' : /^[0-9a-f]+$/.test(rest) ? 'hex' : 'any';
  return `${prefix}{${characters}:${rest.length}}`;
}

function digitsToNines(text: string): string {
  return text.replaceAll(/\d/g, '9');
}

/**
 * What rules on texts ask for, without the text: `b` and `e` for a blank at its beginning and end, `n` for a second line,
 * `c` for another control character, 2 to 4 for its longest character in UTF-8 bytes.
 */
function featuresOf(text: string): string {
  const isControl = (code: number): boolean => (code < 0x20 && code !== 0x0a) || code === 0x7f;
  const codes = [...text.trim()].map((character) => character.codePointAt(0) ?? 0);
  const widest = codes.reduce((max, code) => Math.max(max, code), 0);
  return [
    /^\s/.test(text) ? 'b' : '',
    /\s$/.test(text) ? 'e' : '',
    codes.includes(0x0a) ? 'n' : '',
    codes.some(isControl) ? 'c' : '',
    widest > 0xffff ? '4' : widest > 0x7ff ? '3' : widest > 0x7f ? '2' : '',
  ].join('');
}
