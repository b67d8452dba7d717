import { LRUCache } from 'lru-cache';

/** The few spellings that a site has are read once; longer ones are not kept. */
const MAX_KEPT_LENGTH = 100;
const read = new LRUCache<string, string>({ max: 100 });

/** Type and subtype in lower case, without parameters (RFC 9110, section 8.3.1); '' where there is none. */
export function mediaTypeOf(contentType: string | undefined): string {
  if (contentType === undefined) return '';
  const known = read.get(contentType);
  if (known !== undefined) return known;
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (contentType.length <= MAX_KEPT_LENGTH) read.set(contentType, type);
  return type;
}
