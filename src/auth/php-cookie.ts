import { phpFieldName } from '../routing/index.js';

/**
 * Reads one cookie from a `Cookie` header where PHP files it: of several the first counts, names are folded (`a.b` is
 * `a_b`), and where one of them makes a list (`SID[]`) there is no text: ''. The value as it was sent.
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  let found: string | undefined;
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    // Blanks before a name do not count, blanks behind it do.
    const filed = phpFieldName((equals === -1 ? pair : pair.slice(0, equals)).replace(/^[ \t\n\v\f\r]+/, ''));
    if (filed.name !== name) continue;
    if (filed.isArray) return '';
    found ??= equals === -1 ? '' : pair.slice(equals + 1).trim();
  }
  return found;
}

/** What PHP takes for a cookie's value (`rawurldecode`): one for all the spellings of a session's id. Bytes as latin1. */
export function decodeCookie(value: string): string {
  return value.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
