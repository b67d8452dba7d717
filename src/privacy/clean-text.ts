import { type Hash, TEXT_RULES } from './text-rules.js';

/** Characters of a text that are looked at and shown; what follows is left out. */
const MAX_TEXT = 1024;
/** A word that the bound cuts in two is left out whole: half an address would not be known as one. */
const MAX_WORD = 256;
/** Nothing to find: words of plain letters. */
const PLAIN = /^[A-Za-z ,;'.()!-]{0,200}$/;
/** A query goes before anything is decoded: a space in it would end it. */
const QUERY = /(?<=[A-Za-z0-9_/%.\]-])\?[^\s"'<>|]{1,2048}/gu;
const SCHEME = /bearer|basic|digest|negotiate|cookie/i;
const ENCODED = /%[0-9A-Fa-f]{2}|&[#a-z]|\\u/i;
const ENTITIES: Readonly<Record<string, string>> = {
  commat: '@',
  period: '.',
  plus: '+',
  amp: '&',
  quot: '"',
  apos: "'",
  lt: '<',
  gt: '>',
  nbsp: ' ',
};

/**
 * A text as a log may carry it: bounded, on one line, without control characters, and with what looks personal or secret replaced. Percent-encoding,
 * HTML references and JSON escapes are undone first, twice: they hide what the search looks for.
 */
export function cleanText(text: string, hash: Hash): string {
  if (PLAIN.test(text) && !SCHEME.test(text)) return text;
  let clean = bounded(text);
  if (ENCODED.test(clean)) clean = bounded(decode(decode(clean.replace(QUERY, '?[query]'))));
  clean = onOneLine(clean);
  for (const { hint, pattern, make } of TEXT_RULES) {
    if (!hint.test(clean)) continue;
    clean =
      typeof make === 'string'
        ? clean.replace(pattern, make)
        : clean.replace(pattern, (match: string) => make(match, hash));
  }
  return clean.length > MAX_TEXT * 2 ? clean.slice(0, MAX_TEXT * 2) : clean;
}

/**
 * Line ends become ` | `, control characters (C0, C1, DEL) and lone surrogates spaces. Marks that change direction or are not seen go: a space in
 * their stead would part an address, whose half is not known as one.
 */
export function onOneLine(text: string): string {
  return text
    .replace(/\s*[\r\n\u2028\u2029\u0085\v\f]+\s*/g, ' | ')
    .replace(/[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu, '')
    .replace(/[\p{Cc}\p{Cs}]/gu, ' ');
}

function bounded(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  const head = text.slice(0, MAX_TEXT);
  const lastSpace = Math.max(head.lastIndexOf(' '), head.lastIndexOf('\n'), MAX_TEXT - MAX_WORD);
  return `${head.slice(0, lastSpace)} …`;
}

function decode(text: string): string {
  return text
    .replace(/\\{1,8}u([0-9A-Fa-f]{4})/g, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
    .replace(
      /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));?/gi,
      (match, decimal?: string, hex?: string, name?: string) => {
        if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? match;
        const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number.parseInt(decimal, 10);
        return point > 0x10ffff ? match : String.fromCodePoint(point);
      },
    );
}
