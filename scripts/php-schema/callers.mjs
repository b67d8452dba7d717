import { describeAnswer, expectAnswer } from '../smoke/expect.mjs';
import { HttpClient } from '../smoke/http-client.mjs';
import { Failure } from '../smoke/report.mjs';
import { accessClaims, signToken } from '../smoke/token.mjs';

/** One for all runs: what PHP keeps of it is one empty list, whatever the number of runs. */
export const SUBJECT = 'php-schema-check';

/** Through the gateway, known by an access token. */
export function gatewayCaller(base, settings) {
  const headers = { Authorization: `Bearer ${signToken(settings.secret, accessClaims(settings, SUBJECT))}` };
  return { ...callerOf('gateway', base, () => headers), begin: async () => undefined, end: async () => undefined };
}

/** PHP itself, in the gateway's name (X-Gateway-Identity): where REQUIRE_GATEWAY keeps everybody else out. */
export function signedCaller(base, secret) {
  const sign = (who) => (method, path) => {
    const iat = Math.floor(Date.now() / 1000);
    const htu = new URL(base + path).pathname;
    const claims = { iss: 'donna-gateway', roles: [], ...who, htm: method, htu, iat, exp: iat + 60 };
    return { 'X-Gateway-Identity': signToken(secret, claims, { alg: 'HS256', typ: 'gateway-identity+jwt' }) };
  };
  const user = sign({ via: 'jwt', sub: SUBJECT, roles: ['user'] });
  // Of nobody, too, the gateway says who it is.
  const nobody = sign({ via: 'anonymous' });
  return { ...callerOf('PHP, signed', base, user, nobody), begin: async () => undefined, end: async () => undefined };
}

/** PHP itself, as its pages do it: a session by the login form, its cookie, its CSRF token with each write. */
export function sessionCaller(base, email, password) {
  const client = new HttpClient(base);
  let session;
  const headers = (method) => ({
    Cookie: session?.cookie ?? '',
    ...(method === 'GET' ? {} : { 'X-CSRF-Token': session?.csrf ?? '' }),
  });
  return {
    ...callerOf('PHP', base, headers, () => ({}), client),
    withoutCsrf: (options) => client.send({ ...options, headers: { Cookie: session?.cookie ?? '' } }),
    begin: async () => {
      const page = await client.send({ path: '/login.php' });
      const csrf = /name="csrf-token" content="([^"]+)"/.exec(page.text)?.[1];
      if (page.status === 403) {
        const hint = 'it answers its gateway only (REQUIRE_GATEWAY): add --signed, with GATEWAY_IDENTITY_SECRET set';
        throw new Failure('the login page', describeAnswer(page), hint);
      }
      if (csrf === undefined) throw new Failure('a login page with a CSRF token', `${page.status} without one`);
      session = { cookie: cookieOf(page), csrf };
      const answer = await client.send({
        method: 'POST',
        path: '/api/auth/login.php',
        headers: headers('POST'),
        json: { email, password },
      });
      if (answer.status === 401) {
        const hint = 'name a user of this installation by --email, with the password in PHP_CHECK_PASSWORD';
        throw new Failure(`a session for ${email}`, describeAnswer(answer), hint);
      }
      expectAnswer(answer, 200);
      session = { cookie: cookieOf(answer), csrf: answer.json?.data?.csrf_token ?? '' };
      return `as ${email}`;
    },
    end: async () => {
      if (session === undefined) return;
      const request = { method: 'POST', path: '/api/auth/logout.php', headers: headers('POST'), json: {} };
      session = undefined;
      expectAnswer(await client.send(request), 200);
    },
  };
}

function callerOf(name, base, user, nobody = () => ({}), client = new HttpClient(base)) {
  const send =
    (headers) =>
    ({ method = 'GET', path, json, headers: more = {} }) =>
      client.send({ method, path, json, headers: { ...headers(method, path), ...more } });
  return { name, base, client, asUser: send(user), asNobody: send(nobody) };
}

function cookieOf(answer) {
  return /^DONNASESSID=[^;]*/m.exec(answer.all('set-cookie').join('\n'))?.[0] ?? '';
}
