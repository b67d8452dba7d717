import { describeAnswer, expectAnswer, expectSingle } from '../expect.mjs';
import { Failure } from '../report.mjs';

const HEADERS = [
  ['X-Content-Type-Options', /^nosniff$/],
  ['X-Frame-Options', /^(SAMEORIGIN|DENY)$/],
  ['Referrer-Policy', /^strict-origin-when-cross-origin$/],
  ['Permissions-Policy', /microphone=\(self\)/],
  ['Cross-Origin-Opener-Policy', /^same-origin/],
  ['Cross-Origin-Resource-Policy', /^same-(origin|site)$/],
  ['X-Trace-Id', /^\S{8,64}$/],
];

/** Names of headers that are a credential wherever they stand in an answer. */
const SECRET_NAMES = /^(authorization|proxy-authorization|x-api-key|xi-api-key|x-gateway-identity)$/i;
/** Shapes of keys that vendors give out, and private key blocks. */
const SECRET_SHAPES =
  /\bsk[-_][\w-]{20,}|\bAKIA[A-Z\d]{16}\b|\bghp_\w{36}|-----BEGIN [A-Z ]*PRIVATE KEY|\bBearer\s+[\w.-]{20,}/;

/** The security headers of every kind of answer: there, right, and not twice. */
export function* headerChecks({ client, page, proxied, bearer }) {
  const isTls = client.base.startsWith('https:');
  const answers = [
    ['an HTML page', page, () => client.send({ path: page }), /^text\/html\b/],
    ['an answer of PHP', proxied.path, () => proxied.send({ headers: bearer() }), /^application\/json\b/],
    ['a native answer', '/api/health', () => client.send({ path: '/api/health' }), /^application\/json\b/],
    ['a refusal', proxied.path, () => proxied.send(), /^application\/json\b/],
  ];
  for (const [what, path, get, type] of answers) {
    yield {
      name: `${path}: security headers of ${what}, each once`,
      run: async () => {
        const answer = await get();
        if (!type.test(answer.headers['content-type'] ?? '') || answer.status >= 500) {
          throw new Failure(`${what} that matches ${type}`, describeAnswer(answer));
        }
        expectSecurityHeaders(answer, isTls);
      },
    };
  }
  yield {
    name: '/api/health: the envelope of a native answer',
    run: async () => expectAnswer(await client.send({ path: '/api/health' }), 200),
  };
}

function expectSecurityHeaders(answer, isTls) {
  for (const [name, wanted] of HEADERS) expectSingle(answer, name, wanted);
  const policies = ['Content-Security-Policy', 'Content-Security-Policy-Report-Only'].flatMap((name) =>
    answer.all(name),
  );
  if (policies.length === 0) throw new Failure('a content security policy, enforced or report-only', 'none');
  for (const name of ['Content-Security-Policy', 'Content-Security-Policy-Report-Only']) {
    if (answer.all(name).length > 1) expectSingle(answer, name);
  }
  // RFC 6797, section 7.2: over plain HTTP it means nothing.
  if (isTls) expectSingle(answer, 'Strict-Transport-Security', /max-age=\d{6,}/);
  else if (answer.all('Strict-Transport-Security').length > 0) {
    throw new Failure('no Strict-Transport-Security over plain HTTP', 'one');
  }
}

/** Looks at every answer that comes: no secret in it, no double allow-origin, no telling of PHP's version. */
export function inspectorFor(secret) {
  return (answer, what) => {
    for (let i = 0; i < answer.rawHeaders.length; i += 2) {
      const [name, value] = answer.rawHeaders.slice(i, i + 2);
      if (SECRET_NAMES.test(name) || SECRET_SHAPES.test(value) || value.includes(secret)) {
        throw new Failure(`no secret in the answer to ${what}`, `one in its header ${name}`);
      }
    }
    if (answer.text.includes(secret)) throw new Failure(`no secret in the answer to ${what}`, 'JWT_SECRET itself');
    if (SECRET_SHAPES.test(answer.text)) throw new Failure(`no secret in the answer to ${what}`, 'the shape of a key');
    for (const name of ['X-Powered-By', 'X-Gateway-Identity']) {
      if (answer.all(name).length > 0) throw new Failure(`no ${name} in the answer to ${what}`, answer.all(name)[0]);
    }
    if (answer.all('Access-Control-Allow-Origin').length > 1) {
      throw new Failure(`at most one Access-Control-Allow-Origin in the answer to ${what}`, 'two');
    }
  };
}
