import {
  type ByteSet,
  byteSet,
  PrivateKeyPattern,
  type SecretPattern,
  type ShapePart,
  ShapePattern,
} from './secret-pattern.js';

const DIGIT = byteSet('0-9');
const LETTER = byteSet('A-Za-z');
const ALNUM = byteSet('A-Za-z0-9');
const HEX = byteSet('0-9a-f');
const UPPER_HEX = byteSet('0-9A-F');
const BASE32 = byteSet('A-Z2-7');
/** The alphabet of base64url (RFC 4648, section 5), which most vendors draw from. */
const TOKEN = set('A-Za-z0-9_', '-');
/** Within base64, a path or a host name a short prefix may stand by chance. */
const IN_OTHER_TEXT = set('A-Za-z0-9_+/.', '-');

interface Spelling {
  readonly notAfter?: ByteSet;
  readonly notBefore?: ByteSet;
}

function shape(
  name: string,
  parts: readonly ShapePart[],
  { notAfter = TOKEN, notBefore }: Spelling = {},
): ShapePattern {
  return new ShapePattern(name, parts, notAfter, notBefore);
}

/**
 * Keys by the shapes that their vendors give them, as far as those can be told from other text. Not among them: what is
 * made for clients (OpenAI's `ek_…`, Stripe's `pk_…`), and keys that look like any other hexadecimal number (Twilio's
 * tokens, ElevenLabs' and Telnyx's old keys), which only {@link ownSecrets} can find.
 */
export const KEY_SHAPES: readonly SecretPattern[] = [
  new PrivateKeyPattern(),
  ...['proj', 'svcacct', 'admin', 'None'].map((kind) => shape('OpenAI key', [`sk-${kind}-`, [TOKEN, 20]])),
  shape('OpenAI key', ['sk-', [ALNUM, 32]], { notAfter: IN_OTHER_TEXT }),
  shape('OpenRouter key', ['sk-or-v1-', [HEX, 32]]),
  shape('Anthropic key', ['sk-ant-', [TOKEN, 32]]),
  shape('ElevenLabs key', ['sk_', [HEX, 48]]),
  shape('Telnyx key', ['KEY0', [UPPER_HEX, 31], '_', [ALNUM, 16]]),
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'].map((prefix) => shape('Stripe key', [prefix, [ALNUM, 16]])),
  shape('webhook secret', ['whsec_', [ALNUM, 24]]),
  ...['AKIA', 'ASIA'].map((prefix) =>
    shape('AWS access key', [prefix, [BASE32, 16]], { notAfter: IN_OTHER_TEXT, notBefore: IN_OTHER_TEXT }),
  ),
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((prefix) => shape('GitHub token', [prefix, [ALNUM, 36]])),
  shape('GitHub token', ['github_pat_', [byteSet('A-Za-z0-9_'), 40]]),
  shape('GitLab token', ['glpat-', [TOKEN, 20]]),
  ...['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-'].map((prefix) =>
    shape('Slack token', [prefix, [DIGIT, 1], [TOKEN, 19]]),
  ),
  shape('SendGrid key', ['SG.', [TOKEN, 22], '.', [TOKEN, 43]], { notAfter: IN_OTHER_TEXT }),
  shape('Google OAuth secret', ['GOCSPX-', [TOKEN, 28]]),
  shape('npm token', ['npm_', [ALNUM, 36]]),
  shape('Hugging Face token', ['hf_', [LETTER, 34]]),
];

/** Keys that their vendor wants in pages and scripts (Google Maps, Firebase), and that leak anywhere else. */
export const KEY_SHAPES_BUT_IN_PAGES: readonly SecretPattern[] = [
  shape('Google API key', ['AIza', [TOKEN, 35]], { notAfter: IN_OTHER_TEXT, notBefore: TOKEN }),
];

function set(ranges: string, others: string): ByteSet {
  const joined = byteSet(ranges);
  for (const byte of Buffer.from(others, 'latin1')) joined[byte] = 1;
  return joined;
}
