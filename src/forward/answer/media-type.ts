import { mediaTypeOf } from '../../contract/index.js';

/** The type under which JSON is served, whatever PHP called it. */
const JSON_TYPE = 'application/json; charset=utf-8';

export function isJsonType(contentType: string | undefined): boolean {
  const type = mediaTypeOf(contentType);
  return type === 'application/json' || type === 'text/json' || type.endsWith('+json');
}

/** Types under which old PHP has been seen to send JSON. */
export function isTextType(contentType: string | undefined): boolean {
  const type = mediaTypeOf(contentType);
  return type === '' || type === 'text/html' || type === 'text/plain' || isScriptType(contentType);
}

export function isScriptType(contentType: string | undefined): boolean {
  const type = mediaTypeOf(contentType);
  return type === 'text/javascript' || type === 'application/javascript';
}

/** The type of JSON that PHP sent as `contentType`: one that says more (`application/problem+json`) is kept. */
export function jsonTypeFor(contentType: string | undefined): string {
  return contentType !== undefined && mediaTypeOf(contentType).endsWith('+json') ? contentType : JSON_TYPE;
}
