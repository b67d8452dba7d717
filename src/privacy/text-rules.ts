/** A pseudonym of what was found, or where there is no key the kind of it. */
export type Hash = (value: string, kind: string) => string;

interface Rule {
  /** Cheap: false when the rule can find nothing. */
  readonly hint: RegExp;
  readonly pattern: RegExp;
  /** What a match becomes. */
  readonly make: string | ((match: string, hash: Hash) => string);
}

const NAMED =
  'e-?mail|user_?email|phone|telephone|mobile|name|first_?name|last_?name|full_?name|display_?name|user_?name|subject|body|message|text|transcript|' +
  'prompt|content|instructions|address|street|iban|to|from|cc|bcc|password|passwd|pwd|secret|token|access_token|refresh_token|client_secret|' +
  'api_?key|csrf_token|session|sessionid|phpsessid|donnasessid|title|reply|filename|reading';
const START = '(?<![\\p{L}\\p{N}_])';
const END = '(?![\\p{L}\\p{N}_])';

/**
 * In this order. Every quantifier is bounded, so that a text costs as much as it is long; classes are spelt out, since PCRE and ECMAScript differ in
 * what `\w`, `\d` and `\b` mean. The same rules stand in legacy-php/lib/Privacy/TextRules.php; a test runs both over one corpus.
 */
export const TEXT_RULES: readonly Rule[] = [
  { hint: /\/\//, pattern: /\/\/[^\s/?#@]{1,256}@/gu, make: '//[secret]@' },
  {
    hint: /cookie|authorization|api-key|csrf-token/i,
    pattern: new RegExp(
      `${START}(set-cookie|cookie|proxy-authorization|authorization|x-api-key|x-csrf-token)["']?\\s{0,4}[:=].{0,2048}`,
      'giu',
    ),
    make: '$1: [secret]',
  },
  {
    hint: /bearer|basic|digest|negotiate/i,
    pattern: new RegExp(`${START}(bearer|basic|digest|negotiate)\\s{1,4}[^\\s"',;]{6,2048}`, 'giu'),
    make: '$1 [secret]',
  },
  {
    hint: /eyJ/,
    pattern: new RegExp(`${START}eyJ[A-Za-z0-9_-]{5,2048}(?:\\.[A-Za-z0-9_-]{0,2048}){0,4}`, 'gu'),
    make: '[token]',
  },
  {
    hint: /[-_]/,
    pattern: new RegExp(`${START}(?:sk|ek|pk|rk|ghp|whsec|xox[abp]|KEY)[-_][A-Za-z0-9_-]{8,512}`, 'gu'),
    make: '[token]',
  },
  {
    // A field of JSON or of a form within a text: its value goes up to where the next one may begin.
    hint: /[:=]/,
    pattern: new RegExp(
      `(?<![\\p{L}\\p{N}])(${NAMED})(\\\\{0,4}["']?\\s{0,4}(?:=>|[:=])\\s{0,4})(?!:)` +
        `(?:\\\\{0,4}"[^"]{0,1024}"?|\\\\{0,4}'[^']{0,1024}'?|[^,;&}\\]|"'\\s][^,;&}\\]|"']{0,1024})`,
      'giu',
    ),
    make: '$1$2[text]',
  },
  { hint: /\?/, pattern: /(?<=[A-Za-z0-9_/%.\]-])\?[^\s"'<>|]{1,2048}/gu, make: '?[query]' },
  {
    hint: /[@＠]/,
    pattern:
      /(?:"[^"|]{1,64}"|[^\s@＠<>"'(),;:=&?/\\|[\]{}][^\s@＠<>"(),;:=&?/\\|[\]{}]{0,127})[@＠](?:\[[^\]\s]{1,64}\]|[\p{L}\p{N}][\p{L}\p{M}\p{N}.-]{0,253})/gu,
    make: (match, hash) => hash(match.replace('＠', '@'), 'email'),
  },
  {
    hint: /[A-Z]{2}[0-9]{2}/,
    pattern: new RegExp(`${START}[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?${END}`, 'gu'),
    make: '[iban]',
  },
  {
    hint: /[0-9]\.[0-9]/,
    pattern: new RegExp(`(?<![\\p{L}\\p{N}_.])[0-9]{1,3}(?:\\.[0-9]{1,3}){3}(?![\\p{L}\\p{N}_]|\\.[0-9])`, 'gu'),
    make: (match, hash) => addressOf(match, hash),
  },
  {
    hint: /:[0-9a-f]{0,4}:/i,
    pattern:
      /(?<![\p{L}\p{N}_:.])(?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{1,4}|[0-9]{1,3}(?:\.[0-9]{1,3}){3})?(?![\p{L}\p{N}_:])/giu,
    make: (match, hash) => (isWrittenAsIpv6(match) ? addressOf(match, hash) : match),
  },
  {
    hint: /\p{Nd}/u,
    // An underscore may stand before it: `call_0170…`. Word processors set dashes and narrow spaces of their own.
    pattern: new RegExp(
      `(?<![\\p{L}\\p{N}+])\\+?[(]?\\p{Nd}(?:[ \\u00a0\\u2000-\\u200a\\u2010-\\u2015\\u202f\\u2212().\\/-]{0,3}\\p{Nd}){6,24}${END}`,
      'gu',
    ),
    make: (match, hash) => numberOf(match, hash),
  },
  {
    hint: /[A-Za-z0-9_+-]{16}/,
    pattern: /(?<![A-Za-z0-9_+-])[A-Za-z0-9_+-]{16,2048}={0,2}(?![A-Za-z0-9_+-])/gu,
    make: (match) => (isDrawn(match) ? '[token]' : match),
  },
  {
    // What this program says itself is English: words in other letters are a person's.
    hint: /[^\0-\x7F]/,
    pattern: /[\p{L}\p{M}\p{N}'’-]{1,64}/gu,
    make: (match) => (/[^\0-\x7F’]/.test(match) ? '[text]' : match),
  },
  {
    // And so are the names before and behind them.
    hint: /\[text\]/,
    pattern: /(?:\p{Lu}[\p{L}'’-]{0,32} ){0,3}\[text\](?:[ .,·・،-]{0,2}\[text\]| \p{Lu}[\p{L}'’-]{0,32}){0,16}/gu,
    make: '[text]',
  },
];

const LOOPBACK = /^(?:127(?:\.[0-9]{1,3}){3}|0\.0\.0\.0|::1?)$/;
const DATE = /^(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?: [0-2][0-9])?$/;

function addressOf(match: string, hash: Hash): string {
  return LOOPBACK.test(match) ? match : hash(match, 'address');
}

/** `10:15:30` is a time of day; an IPv6 address has eight groups, or `::` (RFC 4291, section 2.2). */
function isWrittenAsIpv6(match: string): boolean {
  return match.includes('::') ? match.length > 2 : match.split(':').length >= 7;
}

function numberOf(match: string, hash: Hash): string {
  if (DATE.test(match)) return match;
  const digits = match.replace(/[^0-9]/g, '');
  if (digits.length >= 13 && hasLuhnSum(digits)) return '[card]';
  return digits.length > 15 ? '[number]' : hash(match, 'phone');
}

/** ISO/IEC 7812-1, annex B. */
function hasLuhnSum(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const twice = digit * 2;
    sum += i % 2 === 0 ? digit : twice > 9 ? twice - 9 : twice;
  }
  return sum % 10 === 0;
}

/** Ids, keys and encoded data have letters of both cases and digits, or many digits, or no end; a name in a program has not. */
function isDrawn(word: string): boolean {
  if (word.length >= 64 || word.endsWith('=')) return true;
  const digits = word.replace(/[^0-9]/g, '').length;
  return digits >= 8 || (digits > 0 && /[a-z]/.test(word) && /[A-Z]/.test(word));
}
