/**
 * Decodes percent-encoding once, to a string of bytes (latin1), as servers do before they look for a file.
 * Undefined when a `%` is not followed by two hexadecimal digits.
 */
export function decodePercent(text: string): string | undefined {
  let at = text.indexOf('%');
  if (at === -1) return text;
  let decoded = '';
  let from = 0;
  while (at !== -1) {
    const high = hexValue(text.charCodeAt(at + 1));
    const low = hexValue(text.charCodeAt(at + 2));
    if (high === -1 || low === -1) return undefined;
    decoded += text.slice(from, at) + String.fromCharCode(high * 16 + low);
    from = at + 3;
    at = text.indexOf('%', from);
  }
  return decoded + text.slice(from);
}

/** Value of a hexadecimal digit's character code, -1 for any other (NaN, past the end, is another). */
export function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
