import type { IncomingHttpHeaders } from 'node:http';
import type { StoredAnswer } from './stored-answer.js';

/** Fields of a 304: what a 200 would have said that a stored copy needs (RFC 9110, section 15.4.5). */
export const FIELDS_OF_304: ReadonlySet<string> = new Set([
  'cache-control',
  'content-location',
  'date',
  'etag',
  'expires',
  'pragma',
  'vary',
  'via',
  'cache-status',
]);

const MAX_CHARACTERS = 8192;
const ENTITY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

/** Whether the client has what is stored already (RFC 9111, section 4.3.2; RFC 9110, section 13.1). */
export function isUnchanged(
  { 'if-none-match': ifNoneMatch, 'if-modified-since': ifModifiedSince }: IncomingHttpHeaders,
  stored: StoredAnswer,
): boolean {
  if (stored.status !== 200) return false;
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.length > MAX_CHARACTERS) return false;
    if (ifNoneMatch.trim() === '*') return true;
    const own = opaque(stored.etag);
    return (ifNoneMatch.match(ENTITY_TAG) ?? []).some((tag) => opaque(tag) === own);
  }
  // Only against the application's own word: by the second, a `Date` cannot tell two answers of one second apart.
  if (ifModifiedSince === undefined || stored.modifiedAt === undefined) return false;
  const since = Date.parse(ifModifiedSince);
  return !Number.isNaN(since) && stored.modifiedAt <= since;
}

/** Weak comparison (RFC 9110, section 8.8.3.2). */
function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}
