import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { call } from '../support/http-call.js';
import type { RawUpstream } from '../support/raw-upstream.js';
import { admin, bearer, stagedTable, startPhp, startStaged, whoAnswers } from '../support/staged-site.js';
import type { TestGateway, TestGatewayOptions } from '../support/test-gateway.js';

// The embedded database takes seconds to start.
jest.setTimeout(180_000);

let php: RawUpstream;
beforeAll(async () => {
  php = await startPhp();
});
afterAll(() => php.stop());

const gateways: TestGateway[] = [];
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop();
});

async function start(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startStaged(php, options);
  gateways.push(gateway);
  return gateway;
}

describe('the admin API of stages', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startStaged(php);
  });
  afterAll(() => gateway.stop());

  it('tells every route with its stage and what it could be', async () => {
    const answer = await admin(gateway, 'GET', '');
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const { data, areOverridesKnown } = answer.json() as { data: object[]; areOverridesKnown: boolean };
    expect(areOverridesKnown).toBe(true);
    expect(data).toContainEqual({
      route: 'create',
      path: '/api/list.php',
      methods: ['POST'],
      effective: { stage: 'canary', weight: 100 },
      inTable: { stage: 'canary', weight: 100 },
      override: null,
      possible: ['proxy', 'mirror', 'canary', 'replaced'],
      canary: { control: 0, candidate: 0, fallbacks: 0 },
    });
    expect(data).toContainEqual(expect.objectContaining({ route: 'native', possible: ['replaced'] }));
    expect(data).toContainEqual(expect.objectContaining({ route: 'php.only', possible: ['proxy'] }));
  });

  it('sets a stage, tells who did and why, and takes it back', async () => {
    expect(await whoAnswers(gateway, 'eve')).toBe('php');
    const set = await admin(gateway, 'PUT', '/list', { stage: 'replaced', reason: '  all is well  ' });
    expect(set.status).toBe(200);
    expect(set.headers['cache-control']).toBe('no-store');
    expect(set.json()).toMatchObject({
      success: true,
      data: {
        effective: { stage: 'replaced' },
        inTable: { stage: 'proxy' },
        override: { stage: 'replaced', by: 'boss', reason: 'all is well' },
      },
    });
    expect(await whoAnswers(gateway, 'eve')).toBe('native');
    await admin(gateway, 'PUT', '/list', { stage: 'canary', weight: 100, reason: 'not quite' });
    const cleared = await admin(gateway, 'DELETE', '/list', { reason: 'back to the table' });
    expect(cleared.json()).toMatchObject({ data: { effective: { stage: 'proxy' }, override: null } });
    expect(await whoAnswers(gateway, 'eve')).toBe('php');
    const history = (await admin(gateway, 'GET', '/list/history')).json() as { data: { at: string }[] };
    expect(history.data).toMatchObject([
      {
        by: 'boss',
        reason: 'back to the table',
        from: { stage: 'canary', weight: 100 },
        to: { stage: 'proxy' },
        isCleared: true,
      },
      { reason: 'not quite', from: { stage: 'replaced' }, to: { stage: 'canary', weight: 100 }, isCleared: false },
      { reason: 'all is well', from: { stage: 'proxy' }, to: { stage: 'replaced' }, isCleared: false },
    ]);
    for (const { at } of history.data) expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(60_000);
    const again = await admin(gateway, 'DELETE', '/list', { reason: 'once more' });
    expect(again.status).toBe(404);
    expect(again.json()).toMatchObject({ error: 'This route has no override: the stage of the route table holds.' });
  });

  it.each([
    ['no reason', { stage: 'proxy' }, 'reason'],
    ['a reason of blanks', { stage: 'proxy', reason: '    ' }, 'reason'],
    ['a reason of two lines', { stage: 'proxy', reason: 'one\ntwo' }, 'reason'],
    ['a reason that steers a terminal', { stage: 'proxy', reason: '\u001b[2Jgone' }, 'reason'],
    ['a reason that turns the direction of writing', { stage: 'proxy', reason: 'gone\u061c back' }, 'reason'],
    ['a long reason', { stage: 'proxy', reason: 'x'.repeat(501) }, 'reason'],
    ['a reason that is no text', { stage: 'proxy', reason: ['why'] }, 'reason'],
    ['no stage', { reason: 'because' }, 'stage'],
    ['an unknown stage', { stage: 'native', reason: 'because' }, 'stage'],
    ['a stage of several', { stage: ['proxy', 'canary'], reason: 'because' }, 'stage'],
    ['a canary without a weight', { stage: 'canary', reason: 'because' }, 'weight'],
    ['a weight of 101', { stage: 'canary', weight: 101, reason: 'because' }, 'weight'],
    ['a weight of -1', { stage: 'canary', weight: -1, reason: 'because' }, 'weight'],
    ['a weight of 1.5', { stage: 'canary', weight: 1.5, reason: 'because' }, 'weight'],
    ['a weight as text', { stage: 'canary', weight: '10', reason: 'because' }, 'weight'],
    ['a weight beside proxy', { stage: 'proxy', weight: 10, reason: 'because' }, 'weight'],
    ['an unknown field', { stage: 'proxy', reason: 'because', by: 'somebody else' }, 'by'],
  ])('refuses %s with 422', async (_name, body, field) => {
    const answer = await admin(gateway, 'PUT', '/list', body);
    expect(answer.status).toBe(422);
    expect(answer.json()).toMatchObject({
      errorCode: 'VALIDATION_FAILED',
      validationErrors: { [field]: expect.any(String) },
    });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it.each([
    ['native', 'proxy', 'proxy needs an upstream'],
    ['native', 'mirror', 'mirror needs an upstream'],
    ['php.only', 'replaced', 'replaced needs a handler'],
    ['php.only', 'mirror', 'mirror needs a handler'],
  ])('refuses route %s the stage %s, with the reason', async (route, stage, why) => {
    const answer = await admin(gateway, 'PUT', `/${route}`, { stage, reason: 'because' });
    expect(answer.status).toBe(422);
    expect(answer.json()).toMatchObject({ validationErrors: { stage: expect.stringContaining(why) } });
  });

  it.each([
    ['GET', '/nobody', undefined],
    ['GET', '/nobody/history', undefined],
    ['PUT', '/nobody', { stage: 'proxy', reason: 'because' }],
    ['PUT', '/list/history', { stage: 'proxy', reason: 'because' }],
    ['DELETE', '/nobody', { reason: 'because' }],
    ['GET', '/__proto__', undefined],
  ])('answers 404 to %s %s', async (method, path, body) => {
    expect((await admin(gateway, method, path, body)).status).toBe(404);
  });

  it('lets administrators in and nobody else', async () => {
    const put = (headers: Record<string, string>): Promise<number> =>
      call(gateway.url, '/admin/api/stages/list', {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify({ stage: 'mirror', reason: 'because' }),
      }).then(({ status }) => status);
    expect(await put({})).toBe(401);
    expect(await put(bearer('eve', ['user']))).toBe(403);
    expect(await put(bearer('eve', ['Admin', 'administrator']))).toBe(403);
    expect(await put({ Cookie: 'SESS=admin' })).toBe(403);
    expect(await put({ Cookie: 'SESS=admin', Origin: 'https://evil.example' })).toBe(403);
    for (const path of ['', '/list', '/list/history'])
      expect((await admin(gateway, 'GET', path, undefined, { headers: bearer('eve') })).status).toBe(403);
    expect(await put({ Cookie: 'SESS=admin', 'X-CSRF-Token': 'proof' })).toBe(200);
  });
});

describe('an administrator’s address that the route table leaves open by mistake', () => {
  it('still asks for the role', async () => {
    const gateway = await start({ routes: stagedTable().replaceAll('authorization: admin', 'authorization: public') });
    for (const [method, body] of [
      ['GET', undefined],
      ['PUT', { stage: 'mirror', reason: 'because' }],
      ['DELETE', { reason: 'because' }],
    ] as const)
      expect((await admin(gateway, method, '/list', body)).status).toBe(401);
    expect((await admin(gateway, 'GET', '')).status).toBe(401);
  });
});
