import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { GRACE_MS } from '../../src/features/auth-token/refresh-family.js';
import { MAX_SESSIONS } from '../../src/features/auth-token/subject-sessions.js';
import { describeWith } from '../setup/parts.js';
import { eventually } from '../support/eventually.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { unlimitedTable } from '../support/legacy-php.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { type RedisServer, startRedisServer } from '../support/redis-server.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

const realNow = Date.now.bind(Date);
/** Moves the clock by which the gateway, which runs in this process, tells old from new. */
function moveClock(ms: number): void {
  jest.spyOn(Date, 'now').mockImplementation(() => realNow() + ms);
}
afterEach(() => {
  jest.restoreAllMocks();
});

/** PHP, as far as tokens go: any password is right, and nobody ever leaves. */
function startAccounts(): Promise<RawUpstream> {
  return startRawUpstream((socket, request) => {
    const assertion = /^x-gateway-identity: *[^.]+\.([^.]+)/im.exec(request)?.[1] ?? 'e30';
    const { about } = JSON.parse(Buffer.from(assertion, 'base64url').toString()) as { about?: string };
    const id = about ?? /"email":"([^"@]+)@/.exec(request)?.[1];
    const data = { ...(about === undefined ? {} : { about }), user: { id, roles: ['user'] }, credentials: 'c' };
    socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, JSON.stringify({ success: true, data })));
  });
}

function askAt(origin: string, body: object): Promise<CallAnswer> {
  return call(origin, '/api/auth/token', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}

describe('a refresh token that was stolen', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;

  beforeAll(async () => {
    upstream = await startAccounts();
    gateway = await startTestGateway({ phpTargets: [upstream.origin], routes: unlimitedTable() });
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });
  const ask = (body: object): Promise<CallAnswer> => askAt(gateway.url, body);
  const signIn = async (who: string): Promise<Tokens> =>
    (await ask({ email: `${who}@donna.example`, password: 'x' })).json() as Tokens;
  const refresh = (refresh_token: string): Promise<CallAnswer> => ask({ refresh_token });
  const refreshed = async (token: string): Promise<Tokens> => {
    const answer = await refresh(token);
    expect(answer.status).toBe(200);
    return answer.json() as Tokens;
  };
  const useAccess = async (token: string): Promise<number> =>
    (await call(gateway.url, '/api/conversations.php', { headers: { Authorization: `Bearer ${token}` } })).status;

  it('ends the sign-in for both when the thief comes second', async () => {
    const warn = jest.spyOn(gateway.logger, 'warn');
    const stolen = await signIn('second');
    const victim = await refreshed(stolen.refresh_token);
    expect(await useAccess(victim.access_token)).toBe(200);
    moveClock(GRACE_MS + 1000);
    const answer = await refresh(stolen.refresh_token);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('invalid_token');
    expect(await refresh(victim.refresh_token)).toMatchObject({ status: 401 });
    expect(await useAccess(victim.access_token)).toBe(401);
    expect(await useAccess(stolen.access_token)).toBe(401);
    const told = JSON.stringify(warn.mock.calls);
    expect(told).toContain('auth.refresh.reuse');
    for (const secret of [stolen.refresh_token, victim.refresh_token, stolen.access_token, 'second'])
      expect(told).not.toContain(secret.slice(0, 30));
  });

  it('ends the sign-in for both when the thief comes first', async () => {
    const mine = await signIn('first');
    const thief = await refreshed(mine.refresh_token);
    const further = await refreshed(thief.refresh_token);
    // At once: the grace holds for the last rotation alone.
    expect(await refresh(mine.refresh_token)).toMatchObject({ status: 401 });
    expect(await refresh(further.refresh_token)).toMatchObject({ status: 401 });
    expect(await useAccess(further.access_token)).toBe(401);
  });

  it('leaves the other sign-ins of the same person alone', async () => {
    const [one, other] = [await signIn('two'), await signIn('two')];
    const next = await refreshed(one.refresh_token);
    await refreshed(next.refresh_token);
    expect(await refresh(one.refresh_token)).toMatchObject({ status: 401 });
    expect(await useAccess(other.access_token)).toBe(200);
    await refreshed(other.refresh_token);
  });

  it('gets the very successor again when its answer was lost, for a moment and only while nobody has used that', async () => {
    const first = await signIn('lost');
    const answer = await refreshed(first.refresh_token);
    moveClock(GRACE_MS - 1000);
    const again = await refreshed(first.refresh_token);
    expect(again.refresh_token).toBe(answer.refresh_token);
    await refreshed(again.refresh_token);
    expect(await refresh(first.refresh_token)).toMatchObject({ status: 401 });
  });

  it('makes one chain of twenty parallel exchanges', async () => {
    const { refresh_token } = await signIn('parallel');
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(refresh_token)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const successors = new Set(answers.map((answer) => (answer.json() as Tokens).refresh_token));
    expect(successors.size).toBe(1);
    const [successor = ''] = successors;
    await refreshed(successor);
  });

  it.each([
    ['another secret of the same family', (token: string) => token.slice(0, -8) + 'AAAAAAAA'],
    ['its first half twice', (token: string) => token.slice(0, 37) + token.slice(5, 37)],
  ])('does not hold with %s, and is dead from then on', async (_title, spoil) => {
    const { refresh_token } = await signIn('spoilt');
    expect(await refresh(spoil(refresh_token))).toMatchObject({ status: 401 });
    expect(await refresh(refresh_token)).toMatchObject({ status: 401 });
  });

  it('is not made of what a session’s id in an access token tells', async () => {
    const { access_token, refresh_token } = await signIn('guess');
    const { sid } = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString()) as {
      sid: string;
    };
    expect(refresh_token).not.toContain(sid);
    expect(await refresh(`dgr1_${sid}${'A'.repeat(64 - sid.length)}`)).toMatchObject({ status: 401 });
    await refreshed(refresh_token);
  });

  it.each([
    '',
    ' ',
    'dgr1_',
    `dgr1_${'A'.repeat(63)}`,
    `dgr1_${'A'.repeat(64)}\n`,
    `dgr1_${'='.repeat(64)}`,
    'x'.repeat(300),
  ])('is not %j', async (token) => {
    const answer = await refresh(token);
    expect([401, 422]).toContain(answer.status);
    expect(answer.text).not.toContain('dgr1_');
  });

  it(`makes room for a ${MAX_SESSIONS + 1}st sign-in by ending the one that was not used for longest`, async () => {
    const first = await signIn('many');
    const second = await signIn('many');
    for (let i = 2; i < MAX_SESSIONS; i++) await signIn('many');
    const used = await refreshed(first.refresh_token);
    await signIn('many');
    expect(await refresh(second.refresh_token)).toMatchObject({ status: 401 });
    expect(await useAccess(second.access_token)).toBe(401);
    await refreshed(used.refresh_token);
  });
});

describeWith('redis', 'two gateways over one Redis', (program) => {
  let redis: RedisServer;
  let upstream: RawUpstream;
  let gateways: readonly TestGateway[] = [];
  const urlOf = (i: number): string => gateways[i % gateways.length]?.url ?? '';

  beforeAll(async () => {
    redis = await startRedisServer(program);
    upstream = await startAccounts();
    const start = () =>
      startTestGateway({ phpTargets: [upstream.origin], routes: unlimitedTable(), env: { REDIS_URL: redis.url } });
    gateways = [await start(), await start()];
    // Until then a gateway keeps its revocations to itself.
    await eventually(async () => (await askAt(urlOf(0), { refresh_token: 'x' })).status === 401);
    await eventually(async () => (await askAt(urlOf(1), { refresh_token: 'x' })).status === 401);
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await upstream.stop();
    await redis.stop();
  });
  const signIn = async (i: number): Promise<Tokens> => {
    const answer = await askAt(urlOf(i), { email: 'shared@donna.example', password: 'x' });
    expect(answer.status).toBe(200);
    return answer.json() as Tokens;
  };

  it('make one chain of exchanges that reach both', async () => {
    let { refresh_token } = await signIn(0);
    for (let round = 0; round < 5; round++) {
      const token = refresh_token;
      const answers = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => askAt(urlOf(i), { refresh_token: token })));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
      const successors = new Set(answers.map((answer) => (answer.json() as Tokens).refresh_token));
      expect(successors.size).toBe(1);
      [refresh_token = ''] = successors;
    }
  });

  it('end a stolen chain, with its access tokens, at both', async () => {
    const stolen = await signIn(0);
    const second = (await askAt(urlOf(1), { refresh_token: stolen.refresh_token })).json() as Tokens;
    const third = (await askAt(urlOf(0), { refresh_token: second.refresh_token })).json() as Tokens;
    expect(await askAt(urlOf(1), { refresh_token: stolen.refresh_token })).toMatchObject({ status: 401 });
    expect(await askAt(urlOf(0), { refresh_token: third.refresh_token })).toMatchObject({ status: 401 });
    for (const i of [0, 1]) {
      const headers = { Authorization: `Bearer ${third.access_token}` };
      await eventually(async () => (await call(urlOf(i), '/api/conversations.php', { headers })).status === 401);
    }
  });

  it('take and give no token while Redis is gone: 503, and not a word of the token', async () => {
    const { refresh_token } = await signIn(1);
    await redis.kill();
    for (const body of [{ refresh_token }, { email: 'shared@donna.example', password: 'x' }]) {
      const answer = await askAt(urlOf(0), body);
      expect(answer.status).toBe(503);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(answer.text).not.toContain('dgr1_');
    }
    const revoked = await call(urlOf(0), '/api/auth/revoke', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token: refresh_token }),
    });
    expect(revoked.status).toBe(503);
    await redis.start();
    // What Redis has forgotten holds no more.
    await eventually(async () => (await askAt(urlOf(0), { refresh_token })).status === 401, 15_000);
    await eventually(
      async () => (await askAt(urlOf(1), { email: 'a@b.example', password: 'x' })).status === 200,
      15_000,
    );
  }, 40_000);
});
