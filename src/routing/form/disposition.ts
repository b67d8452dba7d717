/** What PHP finds in the Content-Disposition of a part; `undefined` where it finds none. */
export interface Disposition {
  readonly name: string | undefined;
  readonly filename: string | undefined;
}

/** Reads the parameters as `php_ap_getword` does (main/rfc1867.c): any type, either quote, the last of several wins. */
export function readDisposition(value: string): Disposition {
  let name: string | undefined;
  let filename: string | undefined;
  for (let at = 0; at < value.length;) {
    const end = wordEnd(value, at, ';');
    const pair = value.slice(at, end).replace(SPACE_BEFORE, '');
    const equals = pair.includes('=') ? wordEnd(pair, 0, '=') : pair.length;
    if (pair.includes('=')) {
      const key = pair.slice(0, equals).toLowerCase();
      const rest = pair.slice(equals).replace(/^=+/, '');
      if (key === 'name') name = unquote(rest);
      else if (key === 'filename') filename = unquote(rest);
    }
    at = end;
    while (value[at] === ';') at += 1;
  }
  return { name, filename };
}

const SPACE_BEFORE = /^[ \t\n\v\f\r]+/;

/** Where the word at `from` ends: at `stop` outside quotes, or at the end. */
function wordEnd(text: string, from: number, stop: string): number {
  let at = from;
  while (at < text.length && text[at] !== stop) {
    const quote = text[at];
    at += 1;
    if (quote !== '"' && quote !== "'") continue;
    while (at < text.length && text[at] !== quote) at += text[at] === '\\' && text[at + 1] === quote ? 2 : 1;
    at += 1;
  }
  return Math.min(at, text.length);
}

function unquote(text: string): string {
  const value = text.replace(SPACE_BEFORE, '');
  const quote = value[0] === '"' || value[0] === "'" ? value[0] : '';
  let out = '';
  for (let at = quote === '' ? 0 : 1; at < value.length; at += 1) {
    const char = value[at] ?? '';
    const next = value[at + 1];
    if (quote === '' ? /[ \t\n\v\f\r]/.test(char) : char === quote) break;
    if (char === '\\' && (next === '\\' || (quote !== '' && next === quote))) {
      out += next;
      at += 1;
    } else {
      out += char;
    }
  }
  return out;
}
