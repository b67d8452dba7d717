import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { printExperiment } from '../../src/cli/gateway/print-experiment.js';
import { EnvelopeFields } from '../../src/contract/index.js';
import { eventually } from '../support/eventually.js';
import {
  ALIKE,
  alike,
  type Explained,
  explain,
  type ExperimentSite,
  experimentTable,
  startExperimentSite,
} from '../support/experiment-site.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { bearer } from '../support/staged-site.js';
import type { TestGateway } from '../support/test-gateway.js';

let site: ExperimentSite;
beforeAll(async () => {
  site = await startExperimentSite();
});
afterAll(() => site.stop());
afterEach(async () => {
  await site.stopGateways();
  site.says = () => ALIKE;
  site.does = alike;
  site.asked.length = 0;
});

const mirror = (experiment = ''): string => experimentTable('stage: mirror', experiment);
/** All callers meet the handler; a person decides, so that nothing changes under the test's hands. */
const canary = (timeoutMs = 300, weight = 100): string =>
  experimentTable(`stage: canary, weight: ${weight}`, 'rollBack: manual', `timeoutMs: ${timeoutMs}`);

const ask = (gateway: TestGateway, query = '', subject = 'eve', method = 'GET'): Promise<CallAnswer> =>
  call(gateway.url, `/api/read.php${query}`, {
    method,
    headers: { ...bearer(subject), 'Content-Type': 'application/json' },
    ...(method === 'GET' ? {} : { body: '{"title":"x"}' }),
  });

async function explained(gateway: TestGateway, isSo: (found: Explained) => boolean): Promise<Explained> {
  let found: Explained | undefined;
  await eventually(async () => {
    found = await explain(gateway);
    return isSo(found);
  });
  if (found === undefined) throw new Error('nothing was told');
  return found;
}

const counted =
  (name: string, count = 1) =>
  ({ mirror: { classes } }: Explained): boolean =>
    (classes[name] ?? 0) >= count;

/** Handlers that a test ends when it likes; none of them ends by itself. */
function hanging(): { does: ExperimentSite['does']; ended: () => void; count: () => number } {
  const waiting: (() => void)[] = [];
  return {
    does: () => new Promise((resolve) => waiting.push(() => resolve(new EnvelopeFields({ from: 'late' })))),
    ended: () => waiting.splice(0).forEach((end) => end()),
    count: () => waiting.length,
  };
}

describe('a canary whose handler neither answers nor throws', () => {
  it('gives way to PHP for reads, and its late answer goes nowhere', async () => {
    const hang = hanging();
    site.does = hang.does;
    const gateway = await site.start({ routes: canary() });
    const answer = await ask(gateway);
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ from: 'php' });
    expect(answer.all('x-trace-id')).toHaveLength(1);
    expect((await explain(gateway)).late).toBe(1);
    hang.ended();
    await explained(gateway, ({ late }) => late === 0);
    // Another request of the same connection and time is not touched by it.
    site.does = alike;
    expect((await ask(gateway)).json()).toMatchObject({ from: 'php', items: [1, 2] });
  });

  it('answers 504 for a write, which PHP is not asked', async () => {
    site.does = hanging().does;
    const gateway = await site.start({ routes: canary() });
    const before = site.php.requests.length;
    const answer = await ask(gateway, '', 'eve', 'POST');
    expect(answer.status).toBe(504);
    expect(answer.json()).toMatchObject({ success: false, errorCode: 'UPSTREAM_TIMEOUT' });
    expect(site.php.requests).toHaveLength(before);
  });

  it('answers 504 where the route is replaced', async () => {
    site.does = hanging().does;
    const gateway = await site.start({ routes: experimentTable('stage: replaced', '', 'timeoutMs: 200') });
    expect((await ask(gateway)).status).toBe(504);
  });

  it('writes into an answer of its own: what it says after PHP has begun is lost', async () => {
    let theirs: ServerResponse | undefined;
    site.does = (_req, res) => {
      theirs = res;
      return new Promise(() => undefined);
    };
    const gateway = await site.start({ routes: canary() });
    expect((await ask(gateway)).json()).toMatchObject({ from: 'php' });
    expect(() => {
      theirs?.setHeader('X-Late', 'yes');
      theirs?.writeHead(500);
      theirs?.write('{"late":');
      theirs?.end('true}');
    }).not.toThrow();
    await explained(gateway, ({ late }) => late === 0);
  });

  it('holds sixteen places; beyond them PHP answers at once, writes too, since nobody has begun them', async () => {
    const hang = hanging();
    site.does = hang.does;
    const gateway = await site.start({ routes: canary() });
    const leaked = await Promise.all(Array.from({ length: 16 }, (_, i) => ask(gateway, `?n=${i}`, `caller-${i}`)));
    expect(leaked.map(({ status }) => status)).toEqual(Array.from({ length: 16 }, () => 200));
    expect((await explain(gateway)).late).toBe(16);
    expect((await ask(gateway, '', 'another')).json()).toMatchObject({ from: 'php' });
    expect(hang.count()).toBe(16);
    hang.ended();
    await explained(gateway, ({ late }) => late === 0);
    site.does = () => new EnvelopeFields({ from: 'native' });
    expect((await ask(gateway)).json()).toMatchObject({ from: 'native' });
  });

  it('streams what a handler writes piece by piece, and tells it when its client leaves', async () => {
    let left = false;
    site.does = (_req, res) => {
      res.once('close', () => (left = true));
      res.setHeader('Content-Type', 'text/plain');
      res.write('one ');
      setImmediate(() => res.end('two'));
      return new Promise(() => undefined);
    };
    const gateway = await site.start({ routes: canary(5000) });
    expect((await ask(gateway)).text).toBe('one two');
    await eventually(() => left);
  });
});

describe('what a canary serves', () => {
  it('is counted for both sides: requests, errors, statuses', async () => {
    site.does = ({ url = '' }) => {
      if (url.includes('bad')) throw new Error('dead');
      return alike();
    };
    const gateway = await site.start({ routes: canary(5000, 50) });
    for (let i = 0; i < 40; i++) await ask(gateway, `?n=${i}`, `caller-${i}`);
    const { mirror: seen } = await explained(
      gateway,
      ({ mirror: { arms } }) => arms.control.requests + arms.candidate.requests === 40,
    );
    expect(seen.arms.control.requests).toBeGreaterThan(0);
    expect(seen.arms).toMatchObject({ control: { errors: 0 }, candidate: { errors: 0 } });
    expect(seen.covered.statuses).toEqual([200]);
    for (let i = 0; i < 40; i++) await ask(gateway, '?bad', `caller-${i}`);
    const after = await explained(gateway, ({ mirror: { arms } }) => arms.candidate.errors > 0);
    expect(after.mirror.arms.control.errors).toBe(0);
  });

  it('does not blame the handler where PHP, asked in its stead, fails too', async () => {
    site.does = () => {
      throw new Error('its PHP is gone');
    };
    site.says = () => 500;
    const gateway = await site.start({ routes: canary(5000) });
    for (let i = 0; i < 5; i++) expect((await ask(gateway, '', `caller-${i}`)).status).toBeGreaterThanOrEqual(500);
    // One that is counted, after them.
    site.says = () => ALIKE;
    await ask(gateway, '', 'last');
    const { mirror: seen } = await explained(gateway, ({ mirror: { arms } }) => arms.candidate.requests > 0);
    expect(seen.arms.candidate).toMatchObject({ requests: 1, errors: 1 });
  });
});

describe('a mirrored candidate', () => {
  it('is found out by one field of ten thousand, told without its values, and held', async () => {
    const fields = (wrong: string): object =>
      Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`f${at}x`, at === 7321 ? wrong : 'same']));
    site.says = () => JSON.stringify({ success: true, data: fields('alice@example.com') });
    site.does = () => fields('mallory@example.com');
    const gateway = await site.start({ routes: mirror('minSamples: 1') });
    await ask(gateway, '?who=alice@example.com');
    const found = await explained(gateway, counted('mismatch'));
    expect(found.mirror.fields.map(({ field }) => field)).toEqual(['/data/f7321x']);
    expect(found.verdict).toMatchObject({ action: 'hold' });
    expect(found.verdict?.reasons.find(({ check }) => check === 'mismatch')?.outcome).not.toBe('pass');
    const [sample] = found.mirror.samples;
    expect(sample?.observation.differences).toEqual([
      expect.objectContaining({ field: '/data/f7321x', control: 'string(17) email', candidate: 'string(19) email' }),
    ]);
    expect(sample?.request).toMatchObject({ caller: 'user:1' });
    expect(sample?.request?.target).toContain('/api/read.php?');
    expect(JSON.stringify(found)).not.toMatch(/alice|mallory/);
    const printed = printExperiment(found);
    for (const text of [
      'read  mirror, as routes.yaml says',
      'compared: match 0, ignored 0, mismatch 1',
      '/data/f7321x value: string(17) email | string(19) email',
      'verdict: hold; a promotion lacks mismatch',
      '1 of 1 answers differ',
      'promotion by a person; roll-back by the gateway',
    ])
      expect(printed).toContain(text);
  });

  it('is not blamed for PHP that fails', async () => {
    site.says = () => 503;
    const gateway = await site.start({ routes: mirror() });
    await ask(gateway);
    const found = await explained(gateway, counted('not-comparable'));
    expect(found.mirror.classes).toMatchObject({ mismatch: 0, 'candidate-error': 0 });
  });

  it('is not promoted on an ignore rule that has expired', async () => {
    const rule = (until: string): string =>
      `minSamples: 1, ignore: [{ pointer: 'header:content-type', reason: 'for a while', until: ${until} }]`;
    const gateway = await site.start({ routes: mirror(rule('2026-01-01')) });
    await ask(gateway);
    const found = await explained(gateway, counted('match'));
    expect(found.verdict?.action).toBe('hold');
    const rules = found.verdict?.reasons.find(({ check }) => check === 'rules');
    expect(rules?.outcome).toBe('wait');
    expect(rules?.text).toContain('header:content-type');
  });
});

describe('PHP that differs from itself', () => {
  it('is asked a second time, as the same caller, off the path and uncounted; what differs is forgiven by its form', async () => {
    let count = 0;
    const id = (): string => `conv_${String((count += 1)).padStart(24, 'a0f1')}`;
    site.says = () => JSON.stringify({ success: true, id: id(), at: 'same' });
    site.does = () => new EnvelopeFields({ id: id(), at: 'same' });
    const gateway = await site.start({ routes: mirror() });
    const claimsOf = (request: string): Record<string, unknown> => {
      const payload = /^x-gateway-identity: [^.]+\.([^.]+)\./im.exec(request)?.[1] ?? '';
      return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
    };
    const before = site.php.requests.length;
    const left = (answer: CallAnswer): number => Number(/r=(\d+)/.exec(String(answer.headers['ratelimit']))?.[1]);
    const first = await ask(gateway, '?q=1');
    const found = await explained(gateway, counted('match'));
    expect(found.mirror.classes).toMatchObject({ mismatch: 0 });
    expect(found.mirror.noise.pairs).toBe(1);
    expect(Object.keys(found.mirror.noise.fields)).toEqual(['/id']);
    const [one = '', two = '', ...more] = site.php.requests.slice(before);
    expect(more).toEqual([]);
    const shape = (request: string): string =>
      request.replace(/^(x-gateway-identity|x-donna-identity|traceparent): .*$/gim, '$1: …');
    expect(shape(two).split('\r\n').toSorted()).toEqual(shape(one).split('\r\n').toSorted());
    // PHP is told that it must not count it, in what the gateway signs alone.
    expect(claimsOf(one)).toMatchObject({ sub: 'eve' });
    expect(claimsOf(one)['again']).toBeUndefined();
    expect(claimsOf(two)).toMatchObject({ sub: 'eve', again: true });
    expect(left(await ask(gateway))).toBe(left(first) - 1);
    // A value that is of another form is found all the same.
    site.does = () => new EnvelopeFields({ id: 'conv_1', at: 'same' });
    await ask(gateway);
    await explained(gateway, counted('mismatch'));
  });

  it('is never asked twice for a write', async () => {
    const gateway = await site.start({ routes: mirror() });
    const before = site.php.requests.length;
    for (let i = 0; i < 5; i++) await ask(gateway, '', 'eve', 'POST');
    await ask(gateway);
    await explained(gateway, counted('match'));
    expect(site.php.requests.slice(before).filter((request) => request.startsWith('POST '))).toHaveLength(5);
  });

  it('makes nobody wrong who says what PHP says now', async () => {
    // A write between the two answers: the list that the handler reads is already the new one.
    let version = 0;
    site.says = () => JSON.stringify({ success: true, items: version++ === 0 ? [] : ['new'] });
    site.does = () => new EnvelopeFields({ items: ['new'] });
    const gateway = await site.start({ routes: mirror() });
    await ask(gateway);
    await explained(gateway, counted('match'));
    // And where all three differ nobody can tell.
    let text = 0;
    site.says = () => JSON.stringify({ success: true, items: ['a', 'b', 'c', 'd'][text++ % 4] });
    site.does = () => new EnvelopeFields({ items: 'never' });
    await eventually(async () => {
      await ask(gateway);
      const { mirror: seen } = await explain(gateway);
      return seen.samples.some(({ observation }) => observation.reason === 'control-unsteady');
    });
  });
});
