/**
 * Whether a text begins as JSON and opens more than `max` arrays and objects within each other; strings are passed over. It need not
 * be well-formed. One pass, no recursion.
 */
export function isDeeperThan(max: number, text: string): boolean {
  if (text.length <= max || !/^\s*[[{]/.test(text)) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at);
        break;
      case '[':
      case '{':
        if (++depth > max) return true;
        break;
      case ']':
      case '}':
        depth--;
    }
  }
  return false;
}

/** Where the string that begins at a place ends. */
function endOfString(text: string, begin: number): number {
  let at = begin + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
