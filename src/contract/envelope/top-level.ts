import { DEFAULT_MAX_DEPTH, scanDocument, type Member } from './json-scanner.js';
import { OPEN_BRACE, QUOTE, byteAt, skipBlank } from './json-token.js';
import { skipBomAndBlank } from './noise.js';

/** What stands under one top-level key; `other` is any value that is not a string. */
export type TopLevelValue =
  | { readonly kind: 'absent' }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'other' }
  | { readonly kind: 'malformed' };

const ABSENT: TopLevelValue = { kind: 'absent' };
const OTHER: TopLevelValue = { kind: 'other' };
const MALFORMED_BODY: TopLevelValue = { kind: 'malformed' };

/**
 * Reads a top-level string by its key without parsing the document; of duplicates the last counts, as in PHP and
 * JSON.parse. An empty body and a document that is not an object hold no key.
 */
export function readTopLevelString(body: Buffer, name: string): TopLevelValue {
  const start = skipBomAndBlank(body);
  if (start === body.length) return ABSENT;
  const found: Member[] = [];
  const end = scanDocument(body, start, DEFAULT_MAX_DEPTH, [Buffer.from(name)], found);
  if (end < 0 || skipBlank(body, end) !== body.length) return MALFORMED_BODY;
  const last = byteAt(body, start) === OPEN_BRACE ? found.at(-1) : undefined;
  if (last === undefined) return ABSENT;
  if (byteAt(body, last.start) !== QUOTE) return OTHER;
  return { kind: 'string', value: String(JSON.parse(body.toString('utf8', last.start, last.end))) };
}
