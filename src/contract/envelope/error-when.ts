import { DEFAULT_MAX_DEPTH, scanDocument } from './json-scanner.js';
import { skipBomAndBlank } from './noise.js';

/** A route's `errorWhen`: the value at an RFC 6901 pointer that makes a 2xx answer an error. */
export interface ErrorWhen {
  readonly pointer: string;
  readonly equals: string | number | boolean | null;
}

/**
 * Whether the first document of `body` has the value of `rule` at its pointer. Parses the document, so it is for routes
 * that ask for it only. False for what is not JSON; never throws.
 */
export function matchesErrorWhen(body: Buffer, rule: ErrorWhen): boolean {
  const start = skipBomAndBlank(body);
  const end = scanDocument(body, start, DEFAULT_MAX_DEPTH, [], []);
  if (end < 0) return false;
  const document: unknown = JSON.parse(body.toString('utf8', start, end));
  return valueAt(document, rule.pointer) === rule.equals;
}

function valueAt(document: unknown, pointer: string): unknown {
  if (pointer === '') return document;
  if (!pointer.startsWith('/')) return undefined;
  let value = document;
  for (const token of pointer.slice(1).split('/')) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value) && !/^(?:0|[1-9]\d*)$/.test(key)) return undefined;
    value = Object.getOwnPropertyDescriptor(value, key)?.value as unknown;
  }
  return value;
}
