import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Module } from '@nestjs/common';
import request, { type Response, type Test } from 'supertest';
import { makeAccessToken } from '../../src/auth/index.js';
import { EnvelopeFields } from '../../src/contract/index.js';
import { NativeHandler } from '../../src/routing/index.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

@Controller()
class TwinController {
  @NativeHandler('twin')
  twin(): EnvelopeFields {
    return new EnvelopeFields({ ok: true });
  }
}

@Module({ controllers: [TwinController] })
class TwinModule {}

const POLICIES = {
  open: 'authorization: public',
  user: 'authorization: user',
  admin: 'authorization: admin',
  limited: 'authorization: public, rateLimit: [three]',
  perIdentity: 'authorization: user, rateLimit: [twoEach]',
  small: 'authorization: public, maxBodyBytes: 16',
  checked: 'authorization: public, input: conversations.create, unknownFields: refuse',
};
const ROUTES = Object.entries(POLICIES)
  .flatMap(([name, policies]) => [
    `  proxied.${name.toLowerCase()}: { match: { path: /proxied/${name}, methods: [GET, POST] }, upstream: php, policies: { ${policies} } }`,
    `  native.${name.toLowerCase()}: { match: { path: /native/${name}, methods: [GET, POST] }, handler: twin, policies: { ${policies} } }`,
  ])
  .join('\n');
const TABLE = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], identity: true, session: { cookie: SESS, path: /session } }
policies:
  authorization:
    public: {}
    user: { anyOf: [jwt, php-session] }
    admin: { anyOf: [jwt, php-session], roles: [admin] }
  rateLimit:
    three: { limit: 3, windowS: 60, per: ip }
    two-each: { limit: 2, windowS: 60, per: identity }
routes:
${ROUTES.replaceAll('twoEach', 'two-each')}
`;

const ORIGIN = 'https://app.example';
const bearer = (roles: string[], lifeS = 60, secret = JWT_SECRET): string =>
  `Bearer ${makeAccessToken(secret, { subject: `u-${roles.join('-')}`, roles, lifeS })}`;

/** A policy case: how the twin named `policy` is asked, and what both must answer. */
const CASES: readonly {
  name: string;
  policy: keyof typeof POLICIES;
  status: number;
  ask: (twin: Test) => Test;
  method?: 'get' | 'post' | 'put' | 'delete' | 'options' | 'head';
}[] = [
  { name: 'anybody on a public route', policy: 'open', status: 200, ask: (t) => t },
  { name: 'HEAD', policy: 'open', method: 'head', status: 200, ask: (t) => t },
  { name: 'a method that is not taken', policy: 'open', method: 'put', status: 405, ask: (t) => t },
  { name: 'OPTIONS without a preflight', policy: 'open', method: 'options', status: 204, ask: (t) => t },
  { name: 'an allowed origin', policy: 'open', status: 200, ask: (t) => t.set('Origin', ORIGIN) },
  {
    name: 'a preflight from an allowed origin',
    policy: 'user',
    method: 'options',
    status: 204,
    ask: (t) => t.set('Origin', ORIGIN).set('Access-Control-Request-Method', 'POST'),
  },
  {
    name: 'an origin that is not allowed',
    policy: 'open',
    status: 403,
    ask: (t) => t.set('Origin', 'https://evil.example'),
  },
  { name: 'the origin null', policy: 'open', status: 403, ask: (t) => t.set('Origin', 'null') },
  {
    name: 'a preflight from an origin that is not allowed',
    policy: 'user',
    method: 'options',
    status: 403,
    ask: (t) => t.set('Origin', 'https://evil.example').set('Access-Control-Request-Method', 'POST'),
  },
  { name: 'no identity', policy: 'user', status: 401, ask: (t) => t },
  { name: 'no identity, from an allowed origin', policy: 'user', status: 401, ask: (t) => t.set('Origin', ORIGIN) },
  { name: 'an origin in another spelling', policy: 'open', status: 403, ask: (t) => t.set('Origin', `${ORIGIN}:443`) },
  {
    name: 'no identity, asking for problem details',
    policy: 'user',
    status: 401,
    ask: (t) => t.set('Accept', 'application/problem+json'),
  },
  { name: 'a good token', policy: 'user', status: 200, ask: (t) => t.set('Authorization', bearer(['user'])) },
  { name: 'an expired token', policy: 'user', status: 401, ask: (t) => t.set('Authorization', bearer(['user'], -10)) },
  {
    name: 'a token of another key',
    policy: 'user',
    status: 401,
    ask: (t) => t.set('Authorization', bearer(['user'], 60, 'another-secret-another-secret-another')),
  },
  {
    name: 'something that is no token',
    policy: 'user',
    status: 401,
    ask: (t) => t.set('Authorization', 'Bearer a.b.c'),
  },
  { name: 'a scheme that is not taken', policy: 'user', status: 401, ask: (t) => t.set('Authorization', 'Basic dTpw') },
  { name: 'a session that PHP knows', policy: 'user', status: 200, ask: (t) => t.set('Cookie', 'SESS=good') },
  { name: 'a session that PHP does not know', policy: 'user', status: 401, ask: (t) => t.set('Cookie', 'SESS=bad') },
  {
    name: 'a cookie-borne write without proof',
    policy: 'user',
    method: 'post',
    status: 403,
    ask: (t) => t.set('Cookie', 'SESS=good'),
  },
  {
    name: 'a cookie-borne write with the CSRF token',
    policy: 'user',
    method: 'post',
    status: 200,
    ask: (t) => t.set('Cookie', 'SESS=good').set('X-CSRF-Token', 'proof'),
  },
  {
    name: 'a cookie-borne write with a wrong CSRF token',
    policy: 'user',
    method: 'post',
    status: 403,
    ask: (t) => t.set('Cookie', 'SESS=good').set('X-CSRF-Token', 'prooF'),
  },
  {
    name: 'a cookie-borne write from the same site',
    policy: 'user',
    method: 'post',
    status: 200,
    ask: (t) => t.set('Cookie', 'SESS=good').set('Sec-Fetch-Site', 'same-origin'),
  },
  {
    name: 'a user on a route for admins',
    policy: 'admin',
    status: 403,
    ask: (t) => t.set('Authorization', bearer(['user'])),
  },
  { name: 'an admin', policy: 'admin', status: 200, ask: (t) => t.set('Authorization', bearer(['admin'])) },
  {
    name: 'a body that is too large',
    policy: 'small',
    method: 'post',
    status: 413,
    ask: (t) => t.send({ text: 'more than sixteen bytes' }),
  },
  {
    name: 'fields that are valid',
    policy: 'checked',
    method: 'post',
    status: 200,
    ask: (t) => t.send({ title: 'x', metadata: { a: 1 } }),
  },
  {
    name: 'fields that are not valid',
    policy: 'checked',
    method: 'post',
    status: 422,
    ask: (t) => t.send({ title: '', profile: 'boss' }),
  },
  {
    name: 'fields that are not valid, asking for problem details',
    policy: 'checked',
    method: 'post',
    status: 422,
    ask: (t) => t.set('Accept', 'application/problem+json').send({ title: [] }),
  },
  {
    name: 'fields of a form that are not valid',
    policy: 'checked',
    method: 'post',
    status: 422,
    ask: (t) => t.type('form').send('title=a%00b'),
  },
  {
    name: 'a field that is not known',
    policy: 'checked',
    method: 'post',
    status: 422,
    ask: (t) => t.send({ title: 'x', surprise: 1 }),
  },
  {
    name: 'a body that is neither JSON nor a form',
    policy: 'checked',
    method: 'post',
    status: 415,
    ask: (t) => t.type('text/plain').send('{"title":"x"}'),
  },
  {
    name: 'a body that reaches for a prototype',
    policy: 'checked',
    method: 'post',
    status: 400,
    ask: (t) => t.type('json').send('{"metadata":{"__proto__":{"polluted":true}}}'),
  },
  {
    name: 'a query of 1,001 fields',
    policy: 'open',
    status: 400,
    ask: (t) => t.query('a=1&'.repeat(1001)),
  },
  { name: 'a body that fits', policy: 'small', method: 'post', status: 200, ask: (t) => t.send({ a: 1 }) },
];
const LIMITS: readonly { name: string; policy: keyof typeof POLICIES; limit: number; ask: (twin: Test) => Test }[] = [
  { name: 'per address', policy: 'limited', limit: 3, ask: (t) => t },
  { name: 'per identity', policy: 'perIdentity', limit: 2, ask: (t) => t.set('Authorization', bearer(['user'])) },
];

describe('a proxied route and its native twin answer alike', () => {
  let upstream: RawUpstream;
  const twins: TestGateway[] = [];

  beforeAll(async () => {
    upstream = await startRawUpstream((socket, head) => {
      const isKnown = head.includes('SESS=good');
      const session = {
        data: {
          authenticated: isKnown,
          user: isKnown ? { id: 's', roles: ['user'] } : null,
          csrf_token: isKnown ? 'proof' : null,
        },
      };
      const body = head.startsWith('GET /session ') ? session : { ok: true };
      const text = JSON.stringify(body);
      const answer = httpAnswer(
        200,
        {
          'Content-Type': 'application/json',
          'Access-Control-Allow-Origin': '*',
          'X-Frame-Options': 'ALLOWALL',
          'Content-Security-Policy': 'default-src *',
          Vary: 'Origin',
        },
        text,
      );
      socket.write(head.startsWith('HEAD ') ? answer.slice(0, -text.length) : answer);
    });
    const options = {
      routes: TABLE,
      phpTargets: [upstream.origin],
      env: { ALLOWED_ORIGINS: ORIGIN },
      features: [TwinModule],
    };
    // A gateway each, so that one twin's limit is not the other's.
    twins.push(await startTestGateway(options), await startTestGateway(options));
  });
  afterAll(async () => {
    await Promise.all(twins.map((twin) => twin.stop()));
    await upstream.stop();
  });

  const askBoth = async (
    policy: keyof typeof POLICIES,
    method: NonNullable<(typeof CASES)[number]['method']>,
    ask: (twin: Test) => Test,
  ): Promise<[Response, Response]> => {
    const [first, second] = twins;
    if (first === undefined || second === undefined) throw new Error('no gateway');
    return [
      await ask(request(first.url)[method](`/proxied/${policy}`)),
      await ask(request(second.url)[method](`/native/${policy}`)),
    ];
  };

  it.each(CASES)('$name', async ({ policy, method = 'get', status, ask }) => {
    const [proxied, native] = await askBoth(policy, method, ask);
    expect(proxied.status).toBe(status);
    expect(comparable(proxied)).toEqual(comparable(native));
    expect(proxied.headers['x-frame-options']).toBe('SAMEORIGIN');
    expect(proxied.headers['content-security-policy']).toMatch(/^default-src 'none';/);
  });

  it.each(LIMITS)('a caller over the limit $name', async ({ policy, limit, ask }) => {
    for (let i = 0; i <= limit; i++) {
      const [proxied, native] = await askBoth(policy, 'get', ask);
      expect(proxied.status).toBe(i < limit ? 200 : 429);
      expect(comparable(proxied)).toEqual(comparable(native));
      if (i === limit) expect(Number(proxied.headers['retry-after'])).toBeGreaterThan(0);
    }
  });
});

/** Everything of an answer that must be equal: not the ids, the moment, and the length that they change. */
function comparable({ status, headers, text }: Response): object {
  const {
    date: _date,
    'x-trace-id': traceId,
    'content-length': _length,
    via: _via,
    ...rest
  } = headers as Record<string, string>;
  for (const name of ['ratelimit', 'retry-after', 'x-ratelimit-reset'])
    rest[name] = rest[name]?.replace(/t=\d+|^\d+$/, 't') ?? '';
  // Both may say that the connection stays.
  return { status, headers: rest, body: (text ?? '').replaceAll(traceId ?? '', 'TRACE') };
}
