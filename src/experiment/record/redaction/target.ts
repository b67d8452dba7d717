import type { Redactor } from './redactor.js';

const MAX_PAIRS = 200;
const SCRIPT = /^[a-z][a-z0-9_-]{0,40}\.php$/;
const VARIABLE = /%7B%7B([a-z]+(?:%3A\d+)?(?:\.[a-z]+)?)%7D%7D/g;

/** A path and its query, redacted: `fixed` is the route's own part of the path, what follows it was written by a client. */
export function redactTarget(path: string, search: string, fixed: string, redactor: Redactor): string {
  const isBelow = path.toLowerCase().startsWith(fixed.toLowerCase());
  const tail = (isBelow ? path.slice(fixed.length) : '')
    .split('/')
    .map((segment) =>
      isShown(segment, redactor) ? segment : encodePart(redactor.standIns.ofText(decode(segment), false)),
    )
    .join('/');
  const query = search.length < 2 ? '' : `?${printPairs(redactPairs(search.slice(1), redactor))}`;
  return fixed + tail + query;
}

/** The pairs of a query or a form. `filter[name]` is a known name where both its parts are. */
export function redactPairs(text: string, redactor: Redactor): [name: string, value: string][] {
  return text
    .split('&')
    .slice(0, MAX_PAIRS)
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      const spelt = decode((at === -1 ? pair : pair.slice(0, at)).replaceAll('+', ' '));
      const path = spelt
        .split(/[[\]]+/)
        .filter((part) => part !== '')
        .map((part) => redactor.name(part));
      const [first = '', ...rest] = path;
      const name = first + rest.map((part) => `[${part}]`).join('') + (spelt.endsWith('[]') ? '[]' : '');
      const value = at === -1 ? '' : decode(pair.slice(at + 1).replaceAll('+', ' '));
      return [name, redactor.text(value, 'request', path)];
    });
}

/** Pairs as a query or a form has them; variables stay as they are, for people and for a replay to find. */
export function printPairs(pairs: readonly (readonly [name: string, value: string])[]): string {
  return pairs.map(([name, value]) => `${encodePart(name)}=${encodePart(value)}`).join('&');
}

/** A script is the server's own. */
function isShown(segment: string, { rules }: Redactor): boolean {
  return segment === '' || SCRIPT.test(segment) || rules.isKnownName(segment);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function encodePart(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%5B', '[')
    .replaceAll('%5D', ']')
    .replaceAll(VARIABLE, (_, name: string) => `{{${name.replace('%3A', ':')}}}`);
}
