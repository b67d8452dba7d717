import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Test } from 'supertest';
import { bearer, comparable, ORIGIN, type PolicyCase, startTwins, type TwinSite } from '../support/twin-site.js';

const CASES: readonly PolicyCase[] = [
  {
    name: 'a body that is too large, in chunks',
    policy: 'small',
    method: 'post',
    status: 413,
    ask: (t) => {
      t.type('json').write('{"text":"more than sixteen bytes"}');
      return t;
    },
  },
  {
    name: 'a body that is no JSON',
    policy: 'checked',
    method: 'post',
    status: 400,
    ask: (t) => t.type('json').send('{"title":'),
  },
  {
    name: 'a body that is coded',
    policy: 'checked',
    method: 'post',
    status: 400,
    ask: (t) => t.set('Content-Encoding', 'gzip').send({ title: 'x' }),
  },
  {
    name: 'a body as deep as a well',
    policy: 'checked',
    method: 'post',
    status: 400,
    ask: (t) => t.type('json').send(`{"metadata":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`),
  },
  {
    name: 'a method that is told in a header',
    policy: 'admin',
    method: 'post',
    status: 401,
    ask: (t) => t.set('X-HTTP-Method-Override', 'GET'),
  },
  { name: 'HEAD without an identity', policy: 'user', method: 'head', status: 401, ask: (t) => t },
  { name: 'nobody, where that is allowed', policy: 'guest', status: 200, ask: (t) => t },
  {
    name: 'a bad token, where nobody is allowed',
    policy: 'guest',
    status: 401,
    ask: (t) => t.set('Authorization', 'Bearer a.b.c'),
  },
  {
    name: 'an unknown session, where nobody is allowed',
    policy: 'guest',
    status: 200,
    ask: (t) => t.set('Cookie', 'SESS=bad'),
  },
  {
    name: 'a cookie-borne write without proof, where nobody is allowed',
    policy: 'guest',
    method: 'post',
    status: 403,
    ask: (t) => t.set('Cookie', 'SESS=good'),
  },
  {
    name: 'a bad token beside a good session',
    policy: 'user',
    status: 401,
    ask: (t) => t.set('Cookie', 'SESS=good').set('Authorization', 'Bearer a.b.c'),
  },
  {
    name: 'an admin’s token beside a user’s session',
    policy: 'admin',
    method: 'post',
    status: 200,
    ask: (t) => t.set('Cookie', 'SESS=good').set('Authorization', bearer(['admin'])),
  },
  {
    name: 'an admin by a role beyond the array',
    policy: 'admin',
    status: 403,
    ask: (t) => t.set('Authorization', bearer(['administrator', 'ADMIN', ' admin'])),
  },
  {
    name: 'two sessions, of which PHP takes the first',
    policy: 'user',
    status: 401,
    ask: (t) => t.set('Cookie', 'SESS=bad; SESS=good'),
  },
  {
    name: 'a session that PHP takes for a list',
    policy: 'user',
    status: 401,
    ask: (t) => t.set('Cookie', 'SESS=good; SESS[]=x'),
  },
  { name: 'a session in the query', policy: 'user', status: 401, ask: (t) => t.query({ SESS: 'good' }) },
  ...['none', 'same-site', 'cross-site', 'Same-Origin'].map((site) => ({
    name: `a cookie-borne write with Sec-Fetch-Site: ${site}`,
    policy: 'user' as const,
    method: 'post' as const,
    status: 403,
    ask: (t: Test) => t.set('Cookie', 'SESS=good').set('Sec-Fetch-Site', site),
  })),
  {
    name: 'a cookie-borne write from an allowed origin',
    policy: 'user',
    method: 'post',
    status: 200,
    ask: (t) => t.set('Cookie', 'SESS=good').set('Origin', ORIGIN),
  },
  {
    name: 'a cookie-borne write from an origin that is not allowed, with the CSRF token',
    policy: 'user',
    method: 'post',
    status: 403,
    ask: (t) => t.set('Cookie', 'SESS=good').set('X-CSRF-Token', 'proof').set('Origin', 'https://evil.example'),
  },
  {
    name: 'a cookie-borne write as text/plain',
    policy: 'user',
    method: 'post',
    status: 403,
    ask: (t) => t.set('Cookie', 'SESS=good').type('text/plain').send('{"a":1}'),
  },
  { name: 'a signed message, where no key is known', policy: 'signed', method: 'post', status: 503, ask: (t) => t },
  {
    name: 'an action of a user',
    policy: 'acts',
    method: 'get',
    status: 200,
    ask: (t) => t.set('Authorization', bearer(['user'])),
  },
  {
    name: 'an action for admins, in the query',
    policy: 'acts',
    status: 403,
    ask: (t) => t.query({ action: 'rule' }).set('Authorization', bearer(['user'])),
  },
  {
    name: 'an action that is not known yet: the strictest sibling holds',
    policy: 'acts',
    method: 'post',
    status: 403,
    ask: (t) => t.set('Authorization', bearer(['user'])).send({ action: 'other' }),
  },
  {
    name: 'an action for admins, in the body',
    policy: 'acts',
    method: 'post',
    status: 200,
    ask: (t) => t.set('Authorization', bearer(['admin'])).send({ action: 'rule' }),
  },
  {
    name: 'two actions',
    policy: 'acts',
    method: 'post',
    status: 400,
    ask: (t) =>
      t
        .query({ action: 'other' })
        .set('Authorization', bearer(['admin']))
        .send({ action: 'rule' }),
  },
];

describe('who wants to get past a proxied route and who past its native twin is answered alike', () => {
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

  it('a caller with too many requests under way', async () => {
    const held = await Promise.all(
      twins.ports.map(async (port, i) => {
        const socket = connect(port, '127.0.0.1');
        // Who is asked to go on has a place.
        socket.write(
          `POST /${i === 0 ? 'proxied' : 'native'}/single HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n`,
        );
        await once(socket, 'data');
        return socket;
      }),
    );
    const [proxied, native] = await twins.askBoth('single', 'post', (t) => t.send({ title: 'x' }));
    expect(proxied.status).toBe(429);
    expect(proxied.headers['retry-after']).toBe('1');
    expect(comparable(proxied)).toEqual(comparable(native));
    for (const socket of held) socket.destroy();
  });
});
