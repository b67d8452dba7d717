import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Module } from '@nestjs/common';
import { SkipThrottle, Throttle } from '@nestjs/throttler';
import { makeAccessToken } from '../../src/auth/index.js';
import { EnvelopeFields } from '../../src/contract/index.js';
import { NativeHandler } from '../../src/routing/index.js';
import { holdsOnce } from '../support/holds-once.js';
import { eventually } from '../support/eventually.js';
import { call, type CallAnswer, type CallOptions, multipart } from '../support/http-call.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

@Throttle({ default: { limit: 2, ttl: 60_000 } })
@Controller()
class DecoratedController {
  @NativeHandler('decorated')
  byClass(): EnvelopeFields {
    return new EnvelopeFields({ ok: true });
  }

  @Throttle({ burst: { limit: 1, ttl: 500, blockDuration: 60_000 } })
  @SkipThrottle({ default: true })
  @NativeHandler('decorated.burst')
  byMethod(): EnvelopeFields {
    return new EnvelopeFields({ ok: true });
  }

  @Throttle({ default: { limit: 1, ttl: 60_000, getTracker: (req) => String(req.headers['x-tenant']) } })
  @NativeHandler('decorated.tenant')
  byTenant(): EnvelopeFields {
    return new EnvelopeFields({ ok: true });
  }
}

@Module({ controllers: [DecoratedController] })
class DecoratedModule {}

const TABLE = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'] }
policies:
  authorization: { public: {}, user: { anyOf: [jwt] } }
  rateLimit:
    address: { limit: 5, windowS: 60, per: ip }
    wide: { limit: 100, windowS: 60, per: ip }
    each: { limit: 3, windowS: 600, per: identity }
    shared: { limit: 3, windowS: 60, per: ip }
    own: { limit: 2, windowS: 60, per: ip, counts: route }
    account: { limit: 2, windowS: 900, per: field, field: email }
    short: { limit: 1, windowS: 1, per: ip }
routes:
  plain: { match: { path: '/plain' }, upstream: php, policies: { authorization: public, rateLimit: [address], envelope: 'off' } }
  json: { match: { path: '/json' }, upstream: php, policies: { authorization: public, rateLimit: [wide, address] } }
  free: { match: { path: '/free' }, upstream: php, policies: { authorization: public, envelope: 'off' } }
  user: { match: { path: '/user' }, upstream: php, policies: { authorization: user, rateLimit: [address, each] } }
  guarded: { match: { path: '/guarded' }, upstream: php, policies: { authorization: user, rateLimit: [shared] } }
  shared.a: { match: { path: '/shared/a' }, upstream: php, policies: { authorization: public, rateLimit: [shared] } }
  shared.b: { match: { path: '/shared/b' }, upstream: php, policies: { authorization: public, rateLimit: [shared] } }
  own.none: { match: { path: '/own', methods: [POST] }, upstream: php, policies: { authorization: public, rateLimit: [own] } }
  own.a: { match: { path: '/own', methods: [POST], action: a }, upstream: php, policies: { authorization: public, rateLimit: [own] } }
  own.b: { match: { path: '/own', methods: [POST], action: b }, upstream: php, policies: { authorization: public, rateLimit: [own] } }
  login: { match: { path: '/login' }, upstream: php, policies: { authorization: public, rateLimit: [account] } }
  short: { match: { path: '/short' }, upstream: php, policies: { authorization: public, rateLimit: [short] } }
  decorated: { match: { path: '/decorated' }, handler: decorated, policies: { authorization: public, rateLimit: [wide] } }
  decorated.burst: { match: { path: '/burst' }, handler: decorated.burst, policies: { authorization: public } }
  decorated.tenant: { match: { path: '/tenant' }, handler: decorated.tenant, policies: { authorization: public } }
`;

const bearer = (subject: string): { Authorization: string } => ({
  Authorization: `Bearer ${makeAccessToken(JWT_SECRET, { subject, roles: [], lifeS: 60 })}`,
});

describe('limits', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  beforeAll(async () => {
    const own = {
      RateLimit: '"php";r=1;t=9',
      'X-RateLimit-Limit': '7',
      'X-RateLimit-Remaining': '7',
      'x-ratelimit-reset': '7',
    };
    upstream = await startRawUpstream((socket) =>
      socket.write(httpAnswer(200, { 'Content-Type': 'application/json', ...own }, '{"ok":true}')),
    );
  });
  beforeEach(async () => {
    await gateway?.stop();
    gateway = await startTestGateway({
      phpTargets: [upstream.origin],
      routes: TABLE,
      features: [DecoratedModule],
      env: { TRUSTED_PROXIES: '127.0.0.2/32, 10.0.0.0/8' },
    });
    upstream.requests.length = 0;
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });
  const ask = (path: string, options?: CallOptions): Promise<CallAnswer> => call(gateway.url, path, options);
  const statuses = async (count: number, one: () => Promise<CallAnswer>): Promise<number[]> => {
    const found: number[] = [];
    for (let i = 0; i < count; i++) found.push((await one()).status);
    return found;
  };
  const post = (path: string, type: string, body: string | Buffer, headers = {}): Promise<CallAnswer> =>
    ask(path, { method: 'POST', headers: { 'Content-Type': type, ...headers }, body });
  const json = (path: string, value: unknown, headers = {}): Promise<CallAnswer> =>
    post(path, 'application/json', JSON.stringify(value), headers);

  it('let exactly as many pass as they say, however many come at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('/plain')));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(15);
    expect(upstream.requests).toHaveLength(5);
  });

  it.each(['/plain', '/json'])('tell in the answer of PHP where the caller stands, once: %s', async (path) => {
    const first = await ask(path);
    expect(first.status).toBe(200);
    const wide = path === '/json';
    expect(first.all('RateLimit-Policy')).toEqual([`${wide ? '"wide";q=100;w=60, ' : ''}"address";q=5;w=60`]);
    expect(first.all('RateLimit')).toEqual([`${wide ? '"wide";r=99;t=60, ' : ''}"address";r=4;t=60`]);
    expect(first.all('X-RateLimit-Limit')).toEqual(['5']);
    expect(first.all('X-RateLimit-Remaining')).toEqual(['4']);
    expect(first.all('X-RateLimit-Reset')).toEqual(['60']);
    expect(first.headers['retry-after']).toBeUndefined();
  });

  it('leave the fields of PHP alone on a route that has none', async () => {
    const answer = await ask('/free');
    expect(answer.all('X-RateLimit-Limit')).toEqual(['7']);
    expect(answer.all('RateLimit')).toEqual(['"php";r=1;t=9']);
  });

  it('refuse with 429, the envelope, the fields and a Retry-After that holds', async () => {
    expect(await statuses(5, () => ask('/plain'))).toEqual([200, 200, 200, 200, 200]);
    const refused = await ask('/plain');
    expect(refused.status).toBe(429);
    expect(refused.json()).toMatchObject({ success: false, errorCode: 'RATE_LIMITED' });
    expect(refused.all('RateLimit')).toEqual([expect.stringMatching(/^"address";r=0;t=(60|5\d)$/)]);
    expect(refused.all('X-RateLimit-Remaining')).toEqual(['0']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(50);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
  });

  it('never say Retry-After: 0, and take the caller again once it is over', async () => {
    const takesAgain = (): Promise<void> =>
      eventually(async () => {
        const answer = await ask('/short');
        if (answer.status === 429) expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
        return answer.status === 200;
      });
    await holdsOnce(async () => {
      await takesAgain();
      // Within the second that the limit lasts.
      const refused = await ask('/short');
      expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1']);
    });
    await takesAgain();
  });

  it('count an address before they ask who it is', async () => {
    expect(await statuses(4, () => ask('/guarded'))).toEqual([401, 401, 401, 429]);
    expect((await ask('/guarded', { headers: bearer('u') })).status).toBe(429);
    expect(upstream.requests).toHaveLength(0);
  });

  it('count each identity for itself, wherever it comes from', async () => {
    expect(await statuses(3, () => ask('/user', { headers: bearer('u-1') }))).toEqual([200, 200, 200]);
    const refused = await ask('/user', { headers: bearer('u-1') });
    expect(refused.status).toBe(429);
    expect(refused.all('RateLimit')).toEqual([expect.stringMatching(/^"address";r=1;t=\d+, "each";r=0;t=\d+$/)]);
    expect(refused.all('X-RateLimit-Limit')).toEqual(['3']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(500);
    expect((await ask('/user', { headers: bearer('u-2') })).status).toBe(200);
  });

  it('count together what names the same limit, and each route and action for itself where they say so', async () => {
    expect([(await ask('/shared/a')).status, (await ask('/shared/b')).status]).toEqual([200, 200]);
    expect(await statuses(2, () => ask('/shared/b'))).toEqual([200, 429]);
    const act = (action: string) => (): Promise<CallAnswer> =>
      post('/own', 'application/x-www-form-urlencoded', `action=${action}`);
    expect(await statuses(3, act('a'))).toEqual([200, 200, 429]);
    expect(await statuses(3, act('b'))).toEqual([200, 200, 429]);
    expect(await statuses(3, act('else'))).toEqual([200, 200, 429]);
    expect(await statuses(1, () => json('/own?action=a', {}))).toEqual([429]);
  });

  it('do not let the caller choose its address: X-Forwarded-For and its kin from an untrusted peer', async () => {
    const spoofed = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        ask('/plain', {
          headers: {
            'X-Forwarded-For': `203.0.113.${i}`,
            'X-Real-IP': `203.0.113.${i}`,
            Forwarded: `for=203.0.113.${i}`,
            'CF-Connecting-IP': `203.0.113.${i}`,
            'True-Client-IP': `203.0.113.${i}`,
          },
        }),
      ),
    );
    expect(spoofed.filter(({ status }) => status === 200)).toHaveLength(5);
  });

  describe('of an account that a field names', () => {
    const CASES: readonly [string, (email: string) => Promise<CallAnswer>][] = [
      ['JSON', (email) => json('/login', { email, password: 'x' })],
      ['JSON without its type', (email) => post('/login', 'text/plain', JSON.stringify({ email }))],
      ['a form', (email) => post('/login', 'application/x-www-form-urlencoded', `email=${encodeURIComponent(email)}`)],
      ['a query', (email) => ask(`/login?email=${encodeURIComponent(email)}`)],
      ['a cookie', (email) => ask('/login', { headers: { Cookie: `a=b; email=${encodeURIComponent(email)}` } })],
      [
        'multipart',
        (email) => {
          const { type, body } = multipart([['email', email]], []);
          return post('/login', type, body);
        },
      ],
    ];

    it.each(CASES)('hold wherever PHP may find it: %s', async (_where, login) => {
      expect(await statuses(3, () => login('v@example.org'))).toEqual([200, 200, 429]);
      expect((await login('other@example.org')).status).toBe(200);
      // The count is of the account, in whatever place it is named.
      for (const [, elsewhere] of CASES) expect((await elsewhere('v@example.org')).status).toBe(429);
    });

    it('take all spellings of a database for one account', async () => {
      const spellings = [
        'victim@x.example',
        ' Victim@X.example\t',
        'VICTIM@x.example',
        'víctim@x.example',
        'ｖictim@x.example',
        'vic\u200btim@x.example\0',
      ];
      const found = [];
      for (const email of spellings) found.push((await json('/login', { email })).status);
      expect(found).toEqual([200, 200, 429, 429, 429, 429]);
    });

    it('count each account where the places of a request disagree', async () => {
      expect(await statuses(2, () => json('/login?email=a@x.example', { email: 'b@x.example' }))).toEqual([200, 200]);
      for (const email of ['a@x.example', 'b@x.example']) expect((await json('/login', { email })).status).toBe(429);
      expect((await json('/login?email=a@x.example', { email: 'c@x.example' })).status).toBe(429);
    });

    // Phones behind one address refresh their tokens at POST /api/auth/token: no attempt to sign in to anybody's account.
    it('count nothing where no account is named: the address has limits of its own', async () => {
      expect(await statuses(3, () => json('/login', { password: 'x' }))).toEqual([200, 200, 200]);
      expect((await json('/login', { email: ' ' })).status).toBe(200);
      expect(await statuses(3, () => json('/login', { email: 'v@x.example' }))).toEqual([200, 200, 429]);
    });

    it('refuse what PHP might read and the gateway cannot', async () => {
      for (const answer of [
        await post('/login', 'application/json', '{"email":"v@x.example"'),
        await post('/login', 'application/x-www-form-urlencoded', 'email[]=v@x.example'),
        await json('/login', { email: 4711 }),
        await post('/login', 'application/json', '{"email":"v@x.example"}', { 'Content-Encoding': 'gzip' }),
        await ask('/login?email=a', { headers: { Cookie: 'email=b; email=c; email=d; email=e; email=f' } }),
      ])
        expect([answer.status, answer.json()]).toEqual([400, expect.objectContaining({ errorCode: 'BAD_REQUEST' })]);
      expect(upstream.requests).toHaveLength(0);
    });
  });

  describe('set by the decorators of @nestjs/throttler', () => {
    it('hold beside those of the table, with the same answer', async () => {
      const first = await ask('/decorated');
      expect(first.status).toBe(200);
      expect(first.all('RateLimit-Policy')).toEqual(['"wide";q=100;w=60, "default";q=2;w=60']);
      expect(first.all('RateLimit')).toEqual([expect.stringMatching(/^"wide";r=99;t=60, "default";r=1;t=60$/)]);
      expect(first.all('X-RateLimit-Remaining')).toEqual(['1']);
      expect(await statuses(1, () => ask('/decorated'))).toEqual([200]);
      const refused = await ask('/decorated');
      expect(refused.status).toBe(429);
      expect(refused.json()).toMatchObject({ success: false, errorCode: 'RATE_LIMITED' });
      expect(refused.all('Retry-After')).toEqual([expect.stringMatching(/^(60|59)$/)]);
      expect(refused.all('X-RateLimit-Remaining')).toEqual(['0']);
      expect((await ask('/decorated', { headers: bearer('u') })).status).toBe(429);
    });

    it('block for as long as they say, and are skipped where they say so', async () => {
      expect((await ask('/burst')).status).toBe(200);
      const refused = await ask('/burst');
      expect([refused.status, refused.all('RateLimit-Policy')]).toEqual([429, ['"burst";q=1;w=1']]);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(50);
    });

    it('ask for the caller where they are told how', async () => {
      const as = (tenant: string) => (): Promise<CallAnswer> => ask('/tenant', { headers: { 'X-Tenant': tenant } });
      expect(await statuses(2, as('a'))).toEqual([200, 429]);
      expect(await statuses(2, as('b'))).toEqual([200, 429]);
    });
  });
});
