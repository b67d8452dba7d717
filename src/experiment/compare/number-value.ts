const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?)(\d+))?$/;
/** Digits of an exponent up to which it is calculated with. */
const EXPONENT_DIGITS = 9;

/**
 * Whether two JSON numbers have the same value, however spelt: exact for any number of digits, since nothing passes through a
 * double. Exponents of ten digits and more are compared as they are spelt.
 */
export function isSameNumber(a: string, b: string): boolean {
  return a === b || canonical(a) === canonical(b);
}

/** Sign, digits without zeros at either end, and a power of ten. */
function canonical(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponentSign = '', exponent = ''] = NUMBER.exec(text) ?? [];
  const power = trimStart(exponent);
  if (power.length > EXPONENT_DIGITS) return text;
  const digits = trimStart(whole + fraction);
  const kept = trimEnd(digits);
  if (kept === '') return '0';
  const shift = Number(power) * (exponentSign === '-' ? -1 : 1) - fraction.length + digits.length - kept.length;
  return `${sign}${kept}e${shift}`;
}

function trimStart(digits: string): string {
  let at = 0;
  while (digits.charCodeAt(at) === 0x30) at += 1;
  return digits.slice(at);
}

/** By hand: `/0+$/` takes quadratic time on zeros in the middle. */
function trimEnd(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end -= 1;
  return digits.slice(0, end);
}
