/** Stands for any one index or key. */
export const ANY = '*';

const MAX_KEY_LENGTH = 64;
/** Keys that are data, and so are personal at times: numbers, ids, addresses. */
const DATA_KEY = /^\d+$|@|^(?:[a-z]+[_-])?(?=[0-9a-f-]*\d)[0-9a-f-]{12,}$/i;
/** What programs call their members; people's names and texts have other characters, mostly. */
const IDENTIFIER = /^[\w$.:/~-]+$/;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * A key as a segment of a field's name (RFC 6901 §3). A key that is data (an id, a number, an address, anything long or
 * that is no identifier) becomes `*`, as indexes do: a map by id is one field. A single word that somebody chose as a key is shown.
 */
export function toSegment(key: string): string {
  if (key.length > MAX_KEY_LENGTH || DATA_KEY.test(key) || !IDENTIFIER.test(key)) return ANY;
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Text that cannot break a line nor steer a terminal. */
export function toPrintable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
