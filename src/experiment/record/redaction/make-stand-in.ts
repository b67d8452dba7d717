import type { Shape } from './value-shape.js';

const FILLER = 'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore ';
const WIDE = { '2': 'é', '3': '字', '4': '🙂' } as const;
/** A shape may come from a file that somebody else wrote. */
const MAX_ID = 8192;
/** Seen in a stand-in's first characters. Two may be alike where a value is shorter than its number. */
const MANY = 36;

/** The `n`th value of a shape, by which nobody is told; `n` counts from 1. Pure: the same is made again. */
export function makeStandIn(shape: Shape, n: number): string {
  const at = shape.indexOf(':');
  const kind = at === -1 ? shape : shape.slice(0, at);
  const detail = shape.slice(at + 1);
  switch (kind) {
    case 'blank':
      return detail;
    case 'email':
      return `person-${n}@person.example`;
    case 'url':
      return `https://site-${n}.example/`;
    case 'time':
      return standInTime(detail);
    case 'phone':
      return replaceDigits(detail, n);
    case 'number':
      return replaceDigits(detail, n);
    case 'digits':
      return replaceDigits('9'.repeat(Number(detail)), n);
    case 'word':
      return numbered('word', n, Number(detail), (length) => 'x'.repeat(length));
    case 'id':
      return idOf(detail, n);
    default:
      return textOf(detail, n);
  }
}

/** What stands for an id that no answer has told. */
function idOf(detail: string, n: number): string {
  if (detail === '{uuid}') return `00000000-0000-4000-8000-${String(n % 1e12).padStart(12, '0')}`;
  const [, prefix = '', characters = 'any', size = '1'] = /^(.*)\{(digits|hex|any):(\d+)\}$/.exec(detail) ?? [];
  const length = Math.min(Number(size), MAX_ID);
  if (characters === 'any') return prefix + numbered('id', n, length, (rest) => 'x'.repeat(rest));
  // A hexadecimal one without a letter would be of digits.
  const first = characters === 'hex' ? 'a' : '9';
  return `${prefix}${first}${String(n).padStart(Math.max(length - 1, 0), '0')}`.slice(0, prefix.length + length);
}

/** A day that is, whatever the offset; no time is told from another. */
function standInTime(detail: string): string {
  const [, when = 'past', spelling = ''] = /^(past|future):(.*)$/.exec(detail) ?? [];
  const year = when === 'past' ? '2000' : '2999';
  return spelling.replace(/^9999-99-99/, `${year}-01-01`).replaceAll('9', (_, offset: number) =>
    // The year's own digits stand before.
    offset < 10 ? _ : '0',
  );
}

/** Leading digit 1, so that it is no other number when it is read as one; the number of the stand-in at the end. */
function replaceDigits(spelling: string, n: number): string {
  const count = (spelling.match(/9/g) ?? []).length;
  const digits =
    count === 1
      ? String(1 + (n % 9))
      : `1${String(n)
          .padStart(count - 1, '0')
          .slice(1 - count)}`;
  let at = 0;
  return spelling.replaceAll('9', () => digits[at++] ?? '0');
}

function textOf(detail: string, n: number): string {
  const [size = '0', features = ''] = detail.split(':');
  const length = Number(size);
  const letters = [...numbered('text ', n, length, (rest) => filler(rest))];
  const put = (at: number, character: string): void => {
    if (at >= 0 && at < length) letters[at] = character;
  };
  // A text of one word would be a word, and of digits a number.
  if (/^[A-Za-z0-9._-]*$/.test(letters.join(''))) put(length - 1, '!');
  if (/[\s]$/.test(letters.join(''))) put(length - 1, '.');
  const middle = Math.floor(length / 2);
  const special = [
    ...(features.includes('n') ? ['\n'] : []),
    ...(features.includes('c') ? ['\u0001'] : []),
    ...[...features].flatMap((feature) => (feature in WIDE ? [WIDE[feature as keyof typeof WIDE]] : [])),
  ];
  const isInside = features.includes('b') || features.includes('e') || length > 2;
  for (const [i, character] of special.entries()) put(Math.min(isInside ? middle + i : i, length - 1), character);
  if (features.includes('b')) put(0, ' ');
  if (features.includes('e')) put(length - 1, ' ');
  return letters.join('');
}

function numbered(word: string, n: number, length: number, fill: (length: number) => string): string {
  const head = `${word}${n} `.slice(0, word.endsWith(' ') ? undefined : -1);
  if (head.length <= length) return head + fill(length - head.length);
  const short = n.toString(MANY);
  return `${'x'.repeat(length)}${short}`.slice(-Math.max(length, 1)).replace(/^\d/, 'x');
}

function filler(length: number): string {
  return FILLER.repeat(Math.ceil(length / FILLER.length)).slice(0, length);
}
