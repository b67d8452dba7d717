/** Bytes that a text must have to be told from others by chance: a shorter one is not looked for. */
export const LEAST_BYTES = 12;
/** So many first bytes of a spelling are compared; whoever sends these has sent enough. */
const MOST_BYTES = 64;

/**
 * A secret as it is, and as PHP, HTML, JSON, a URL or base64 spell it (each way that changes it once). In base64 it is also
 * found within a longer text: without the characters at either end that depend on its neighbours.
 */
export function spellingsOf(secret: string): readonly Buffer[] {
  const asJson = JSON.stringify(secret).slice(1, -1);
  const ascii = asJson.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const asUrl = encodeURIComponent(secret).replace(/[!'()*~]/g, percent);
  const plain = [
    secret,
    asJson,
    ascii,
    slashed(asJson),
    slashed(ascii),
    // json_encode with JSON_HEX_*, as for a script within a page.
    slashed(ascii).replace(
      /[<>&']|\\"/g,
      (char) => `\\u00${char.at(-1)?.charCodeAt(0).toString(16).toUpperCase() ?? ''}`,
    ),
    asHtml(secret, '&#039;'),
    asHtml(secret, '&#39;'),
    asUrl,
    asUrl.replaceAll('%7E', '~'),
    asUrl.replaceAll('%20', '+'),
    encodeURIComponent(secret),
    encodeURI(secret),
    asUrl.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
  ].map((text) => Buffer.from(text, 'utf8'));
  const all = [...plain, ...inBase64(Buffer.from(secret, 'utf8'))].filter(({ length }) => length >= LEAST_BYTES);
  const distinct = new Map(all.map((bytes) => [bytes.toString('latin1', 0, MOST_BYTES), bytes]));
  return [...distinct.values()].map((bytes) => bytes.subarray(0, MOST_BYTES));
}

function inBase64(secret: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (const shift of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(shift), secret]).toString('base64');
    // A character holds six bits: those that also hold bits of a neighbour are left out.
    const certain = text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + secret.length) * 8) / 6));
    for (const spelling of [certain, slashed(certain), certain.replaceAll('+', '-').replaceAll('/', '_')])
      found.push(Buffer.from(spelling, 'latin1'));
    found.push(Buffer.from(encodeURIComponent(certain), 'latin1'));
  }
  return found;
}

/** PHP's json_encode and its `\/`. */
function slashed(json: string): string {
  return json.replaceAll('/', '\\/');
}

/** As htmlspecialchars does, and phpinfo() with it. */
function asHtml(text: string, apostrophe: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", apostrophe);
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}
