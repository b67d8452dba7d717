import { LRUCache } from 'lru-cache';

/** The type under which JSON is served, whatever PHP called it. */
const JSON_TYPE = 'application/json; charset=utf-8';

/** The few spellings that a site's answers have are read once; longer ones are not kept. */
const MAX_KEPT_LENGTH = 100;
const read = new LRUCache<string, string>({ max: 100 });

export function isJsonType(contentType: string | undefined): boolean {
  const type = mediaType(contentType);
  return type === 'application/json' || type === 'text/json' || type.endsWith('+json');
}

/** Types under which old PHP has been seen to send JSON. */
export function isTextType(contentType: string | undefined): boolean {
  const type = mediaType(contentType);
  return type === '' || type === 'text/html' || type === 'text/plain' || isScriptType(contentType);
}

export function isScriptType(contentType: string | undefined): boolean {
  const type = mediaType(contentType);
  return type === 'text/javascript' || type === 'application/javascript';
}

/** The type of JSON that PHP sent as `contentType`: one that says more (`application/problem+json`) is kept. */
export function jsonTypeFor(contentType: string | undefined): string {
  return contentType !== undefined && mediaType(contentType).endsWith('+json') ? contentType : JSON_TYPE;
}

/** Type and subtype in lower case, without parameters (RFC 9110, section 8.3.1); '' where there is none. */
export function mediaType(contentType: string | undefined): string {
  if (contentType === undefined) return '';
  const known = read.get(contentType);
  if (known !== undefined) return known;
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (contentType.length <= MAX_KEPT_LENGTH) read.set(contentType, type);
  return type;
}
