import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Test } from 'supertest';
import {
  bearer,
  comparable,
  ORIGIN,
  type PolicyCase,
  startTwins,
  type Twin,
  type TwinSite,
} from '../support/twin-site.js';

const CASES: readonly PolicyCase[] = [
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
const LIMITS: readonly {
  name: string;
  policy: Twin;
  method: 'get' | 'post';
  limit: number;
  ask: (twin: Test) => Test;
}[] = [
  { name: 'per address', policy: 'limited', method: 'get', limit: 3, ask: (t) => t },
  {
    name: 'per identity',
    policy: 'perIdentity',
    method: 'get',
    limit: 2,
    ask: (t) => t.set('Authorization', bearer(['user'])),
  },
  {
    name: 'per account',
    policy: 'account',
    method: 'post',
    limit: 2,
    ask: (t) => t.send({ email: 'eve@donna.example' }),
  },
];

describe('a proxied route and its native twin answer alike', () => {
  let twins: TwinSite;
  beforeAll(async () => {
    twins = await startTwins();
  });
  afterAll(() => twins.stop());

  it.each(CASES)('$name', async ({ policy, method = 'get', status, ask }) => {
    const [proxied, native] = await twins.askBoth(policy, method, ask);
    expect(proxied.status).toBe(status);
    expect(comparable(proxied)).toEqual(comparable(native));
    expect(proxied.headers['x-frame-options']).toBe('SAMEORIGIN');
    expect(proxied.headers['content-security-policy']).toMatch(/^default-src 'none';/);
  });

  it.each(LIMITS)('a caller over the limit $name', async ({ policy, method, limit, ask }) => {
    for (let i = 0; i <= limit; i++) {
      const [proxied, native] = await twins.askBoth(policy, method, ask);
      expect(proxied.status).toBe(i < limit ? 200 : 429);
      expect(comparable(proxied)).toEqual(comparable(native));
      if (i === limit) expect(Number(proxied.headers['retry-after'])).toBeGreaterThan(0);
    }
  });
});
