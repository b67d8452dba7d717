import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Module, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { EnvelopeFields, GatewayError } from '../../src/contract/index.js';
import { NativeHandler } from '../../src/routing/index.js';
import { exchangeOf } from '../../src/trace/index.js';
import { eventually } from '../support/eventually.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { bearer } from '../support/staged-site.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** What the native handler was asked, and how it behaves next. */
const candidate = {
  asked: [] as { method: string; url: string; subject: string | undefined }[],
  answer: (): unknown => new EnvelopeFields({ from: 'php', items: [1, 2] }),
};

@Controller()
class MirroredController {
  @NativeHandler('test.mirrored')
  async answer(@Req() req: IncomingMessage): Promise<unknown> {
    candidate.asked.push({
      method: req.method ?? '',
      url: req.url ?? '',
      subject: exchangeOf(req)?.identity?.subject,
    });
    return candidate.answer();
  }
}

@Module({ controllers: [MirroredController] })
class MirroredModule {}

const table = (experiment: string): string => `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'] }
policies:
  authorization: { user: { anyOf: [jwt] }, admin: { anyOf: [jwt], roles: [admin] } }
defaults: { timeoutMs: 5000 }
routes:
  list: { match: { path: /api/list.php }, upstream: php, handler: test.mirrored, stage: mirror, experiment: { ${experiment} }, policies: { authorization: user } }
  admin.experiment: { match: { path: '/admin/api/experiments/{*path}', methods: [GET] }, handler: admin.experiment, policies: { authorization: admin } }
`;

interface Seen {
  readonly classes: Readonly<Record<string, number>>;
  readonly fields: readonly { readonly field: string }[];
  readonly samples: readonly { readonly observation: { readonly class: string; readonly reason?: string } }[];
  readonly skipped: number;
  readonly lost: number;
  readonly underWay: number;
  readonly fault?: string;
}

let php: RawUpstream;
const PHP_ANSWER = '{"success":true,"from":"php","items":[1,2]}';
beforeAll(async () => {
  php = await startRawUpstream((socket, head) => {
    const answer = httpAnswer(200, { 'Content-Type': 'application/json', 'Set-Cookie': 'from=php' }, PHP_ANSWER);
    socket.write(head.startsWith('HEAD ') ? answer.slice(0, -PHP_ANSWER.length) : answer);
  });
});
afterAll(() => php.stop());

const gateways: TestGateway[] = [];
afterEach(async () => {
  candidate.asked.length = 0;
  candidate.answer = () => new EnvelopeFields({ from: 'php', items: [1, 2] });
  for (const gateway of gateways.splice(0)) await gateway.stop();
});

async function start(experiment = 'timeoutMs: 200'): Promise<TestGateway> {
  const gateway = await startTestGateway({
    routes: table(
      `ignore: [{ pointer: 'header:set-cookie', reason: 'not asked here', until: 2999-01-01 }], ${experiment}`,
    ),
    phpTargets: [php.origin],
    features: [MirroredModule],
  });
  gateways.push(gateway);
  return gateway;
}

const ask = (gateway: TestGateway, path = '/api/list.php', method = 'GET', body?: string): Promise<CallAnswer> =>
  call(gateway.url, path, {
    method,
    headers: { ...bearer('eve'), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body }),
  });

async function seen(gateway: TestGateway): Promise<Seen> {
  const answer = await call(gateway.url, '/admin/api/experiments/list', { headers: bearer('boss', ['admin']) });
  expect(answer.status).toBe(200);
  return (answer.json() as { data: { mirror: Seen } }).data.mirror;
}

async function seenOf(gateway: TestGateway, name: string, count = 1): Promise<Seen> {
  let last: Seen | undefined;
  await eventually(async () => {
    last = await seen(gateway);
    return (last.classes[name] ?? 0) >= count;
  });
  if (last === undefined) throw new Error('nothing was seen');
  return last;
}

const expectPhps = (answer: CallAnswer): void => {
  expect(answer.status).toBe(200);
  expect(answer.json()).toMatchObject({ success: true, from: 'php', items: [1, 2] });
  expect(answer.all('set-cookie')).toEqual(['from=php']);
};

describe('a mirrored route', () => {
  it('serves PHP’s answer, asks the handler as the same caller, and finds that they match', async () => {
    const gateway = await start();
    for (let i = 0; i < 10; i++) expectPhps(await ask(gateway, `/api/list.php?page=${i}`));
    const { classes, samples } = await seenOf(gateway, 'ignored', 10);
    expect(classes['mismatch']).toBe(0);
    expect(samples.every(({ observation }) => observation.class === 'ignored')).toBe(true);
    expect(candidate.asked).toHaveLength(10);
    expect(candidate.asked.every(({ subject, method }) => subject === 'eve' && method === 'GET')).toBe(true);
    expect(candidate.asked.map(({ url }) => url)).toContainEqual(expect.stringMatching(/\?page=3$/));
  });

  it('names the field that is wrong, without its value', async () => {
    candidate.answer = () => new EnvelopeFields({ from: 'alice@example.com', items: [1, 2] });
    const gateway = await start();
    expectPhps(await ask(gateway));
    const found = await seenOf(gateway, 'mismatch');
    const { text } = await gateway.metrics.render();
    expect(text).toContain('donna_experiment_comparisons_total{route="list",class="mismatch"} 1\n');
    expect(text).toContain('donna_experiment_comparisons_total{route="list",class="candidate-error"} 0\n');
    expect(text).toContain('donna_route_stage{route="list",stage="mirror"} 1\n');
    expect(text).toContain('donna_stage_changes_total{route="list",to="proxy",by="gateway"} 0\n');
    expect(found.fields.map(({ field }) => field)).toEqual(['/from']);
    expect(JSON.stringify(found)).not.toContain('alice');
  });

  it.each([
    ['throws', () => Promise.reject(new Error('dead'))],
    ['is unavailable', () => Promise.reject(new GatewayError('UPSTREAM_UNAVAILABLE'))],
    ['never answers', () => new Promise(() => undefined)],
  ])('changes nothing for the client when the handler %s', async (_name, answer) => {
    candidate.answer = answer;
    const gateway = await start();
    expectPhps(await ask(gateway));
    await seenOf(gateway, 'candidate-error');
    expectPhps(await ask(gateway));
  });

  it('does not wait for a slow handler, whose answer counts all the same', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    candidate.answer = () => held.then(() => new EnvelopeFields({ from: 'php', items: [1, 2] }));
    const gateway = await start('timeoutMs: 20000');
    expectPhps(await ask(gateway));
    release();
    await eventually(async () => Object.values((await seen(gateway)).classes).some((count) => count > 0));
  });

  it('asks no more handlers than four at a time, however many hang, and serves on', async () => {
    candidate.answer = () => new Promise(() => undefined);
    const gateway = await start();
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(gateway)));
    for (const answer of answers) expectPhps(answer);
    const found = await seenOf(gateway, 'candidate-error', 4);
    expect(found.underWay).toBe(4);
    expect(found.skipped).toBe(36);
    expect(candidate.asked).toHaveLength(4);
  });

  it.each([
    ['POST', '{"title":"x"}'],
    ['DELETE', undefined],
    ['GET', '{"a":1}'],
  ])('asks the handler nothing for %s with the body %s', async (method, body) => {
    const gateway = await start();
    const before = php.requests.length;
    expectPhps(await ask(gateway, '/api/list.php', method, body));
    expect(php.requests).toHaveLength(before + 1);
    // One that is mirrored, after it: by then the other would have been.
    expectPhps(await ask(gateway));
    await seenOf(gateway, 'ignored');
    expect(candidate.asked).toHaveLength(1);
  });

  it('asks the handler nothing for what a client has already', async () => {
    const gateway = await start();
    expectPhps(await call(gateway.url, '/api/list.php', { headers: { ...bearer('eve'), 'If-None-Match': '"1"' } }));
    expectPhps(await ask(gateway));
    await seenOf(gateway, 'ignored');
    expect(candidate.asked).toHaveLength(1);
  });

  it('asks the handler nothing when the sample is none', async () => {
    const gateway = await start('sample: 0');
    for (let i = 0; i < 20; i++) expectPhps(await ask(gateway));
    expect(candidate.asked).toEqual([]);
  });

  it('keeps nothing of a large answer, and passes it on whole', async () => {
    candidate.answer = () => new EnvelopeFields({ text: 'x'.repeat(2_000_000) });
    const gateway = await start();
    expectPhps(await ask(gateway));
    const { samples } = await seenOf(gateway, 'not-comparable');
    expect(samples).toEqual([]);
  });

  it('shows what it saw to administrators alone', async () => {
    const gateway = await start();
    for (const [headers, status] of [
      [{}, 401],
      [bearer('eve'), 403],
    ] as const)
      expect((await call(gateway.url, '/admin/api/experiments/list', { headers })).status).toBe(status);
    const nobody = await call(gateway.url, '/admin/api/experiments/nobody', { headers: bearer('boss', ['admin']) });
    expect(nobody.status).toBe(404);
  });
});
