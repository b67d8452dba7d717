/** RFC 7518, section 3.2: a key for HS256 has at least the size of the hash, 256 bits. */
const LEAST_BYTES = 32;
/** Estimated from how often each byte comes; 16 random bytes in hexadecimal have some 110. */
const LEAST_BITS = 90;
/** Share of neighbours in the text that are neighbours in a row as well; chance makes it 0.2 at most, in hexadecimal. */
const MOST_IN_ROWS = 0.6;
const ROWS = [
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertzuiop',
  'azertyuiop',
  '1234567890',
  'abcdefghijklmnopqrstuvwxyz',
];

const MAKE_ONE = 'make one with: openssl rand -base64 48';

/** Placeholders of templates and tutorials, wherever they stand in a secret. */
const PLACEHOLDERS = [
  /change[-_ ]?(me|this|it|in[-_ ]?prod)/i,
  /replace[-_ ]?(me|this|with)/i,
  /^your[-_ ].*(secret|key)/i,
  /^(dev|development|default|insecure|local)[-_ ].*(secret|key)/i,
  /^<.*>$|^\$\{.*\}$/,
];
/** What secrets of tutorials and published defaults are made of: a secret of these words alone is in every list. */
const COMMON_WORDS =
  `secret secrets secretkey key keys jwt token hs sha bit bits byte bytes password passwd pass passphrase admin
  root user login auth session cookie api my your our the this that is a an at in for of to not so be me it super
  very really top long least strong random string secure insecure safe test testing dev development prod
  production local default example sample demo please change should must only use commit github keyboard cat
  hello world welcome donna gateway identity signing private public value here server app application letmein
  qwerty abc foo bar baz x xx xxx shh you and or no with some`.split(/\s+/);
/** What servers have as their first password. */
const DEFAULT_PASSWORDS = new Set(['postgres', 'redis', 'donna', 'example', '1234', '12345', '123456', '12345678']);

/** What makes a secret unfit to sign with, as the end of a sentence that says what to do, or nothing. */
export function secretProblem(secret: string): string | undefined {
  if (Buffer.byteLength(secret) < LEAST_BYTES) return `must be at least ${LEAST_BYTES} bytes long`;
  if (isWellKnown(secret)) return 'is a well-known example value: make one of your own';
  if (repeatsItself(secret)) return `repeats itself: ${MAKE_ONE}`;
  if (isMadeOfRows(secret)) return `is made of rows of the keyboard or the alphabet: ${MAKE_ONE}`;
  if (estimateBits(secret) < LEAST_BITS) return `has too few different characters to be hard to guess: ${MAKE_ONE}`;
  return undefined;
}

/** Whether a password is one that software ships with, or a placeholder for one. */
export function isDefaultPassword(password: string): boolean {
  return password !== '' && (DEFAULT_PASSWORDS.has(password.toLowerCase()) || isWellKnown(password));
}

function isWellKnown(secret: string): boolean {
  return PLACEHOLDERS.some((pattern) => pattern.test(secret)) || isMadeOf(COMMON_WORDS, secret);
}

/** Whether nothing is left of a text when it is taken apart into these words, digits and punctuation. */
function isMadeOf(words: readonly string[], text: string): boolean {
  const parts = text
    .toLowerCase()
    .replaceAll('s3cr3t', 'secret')
    .split(/[^a-z]+/)
    .filter((part) => part !== '');
  // What is mostly digits and punctuation is not known by its words.
  const letters = parts.join('').length;
  return letters > 0 && letters >= text.length / 3 && parts.every((part) => isRowOf(words, part));
}

/** In time that grows with the length alone, however the words overlap. */
function isRowOf(words: readonly string[], text: string): boolean {
  const reached = [true];
  for (let end = 1; end <= text.length; end++) {
    reached[end] = words.some((word) => reached[end - word.length] === true && text.slice(0, end).endsWith(word));
  }
  return reached[text.length] === true;
}

/** Whether the text is one shorter text, at least twice in a row. */
function repeatsItself(text: string): boolean {
  const unit = (text + text).indexOf(text, 1);
  return unit <= text.length / 2;
}

function isMadeOfRows(text: string): boolean {
  const lower = text.toLowerCase();
  let inRows = 0;
  for (let i = 1; i < lower.length; i++) {
    const pair = lower.slice(i - 1, i + 1);
    const turned = pair.charAt(1) + pair.charAt(0);
    if (pair.charAt(0) === pair.charAt(1) || ROWS.some((row) => row.includes(pair) || row.includes(turned))) inRows++;
  }
  return inRows > MOST_IN_ROWS * (lower.length - 1);
}

/** Shannon's entropy of the bytes, times their number. */
function estimateBits(text: string): number {
  const bytes = Buffer.from(text);
  const counts = new Map<number, number>();
  for (const byte of bytes) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= count * Math.log2(count / bytes.length);
  return bits;
}
