import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Module } from '@nestjs/common';
import { hostname } from 'node:os';
import { SentryReporter } from '../../src/errors/sentry-reporter.js';
import { NativeHandler } from '../../src/routing/index.js';
import { eventually } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.mjs';
import { call } from '../support/http-call.js';
import { type SentryReceiver, startSentryReceiver } from '../support/sentry-receiver.js';
import { catchAllTable, startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { bearer, samples } from '../support/voice-site.js';

/** What must not get out, wherever an error shows it. */
const PLANTED = ['eve@example.com', '+49 170 1234567', 'sk_live_4242', 'Mueller', '203.0.113.9', 'secret-note'];

@Controller()
class Failing {
  @NativeHandler('test.failing')
  fail(): never {
    const cause = new RangeError('no account eve@example.com (+49 170 1234567) "Mueller" at 203.0.113.9');
    throw Object.assign(new TypeError(`cannot read "${PLANTED.join(' ')}" of eve@example.com`, { cause }), {
      request: { authorization: 'Bearer sk_live_4242', body: 'secret-note' },
    });
  }
}
@Module({ controllers: [Failing] })
class FailingModule {}

const ROUTES = `${catchAllTable()}
  failing: { match: { path: /fail, methods: [POST] }, handler: test.failing, policies: { authorization: public } }
  metrics: { match: { path: /metrics, methods: [GET] }, handler: metrics, policies: { authorization: public } }
`;

describe('errors that should not happen', () => {
  let sentry: SentryReceiver;
  let gateway: TestGateway;
  beforeAll(async () => {
    sentry = await startSentryReceiver();
    gateway = await startTestGateway({
      routes: ROUTES,
      features: [FailingModule],
      phpTargets: [`http://127.0.0.1:${await findFreePort()}`],
      env: { SENTRY_DSN: sentry.dsn, APP_VERSION: '9.8.7' },
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await sentry.stop();
  });

  it('are reported with their place and nothing of the request or of any person; a storm of one is one report', async () => {
    const traceId = '0123456789abcdef0123456789abcdef';
    const fail = (): ReturnType<typeof call> =>
      call(gateway.url, '/fail?email=eve@example.com', {
        method: 'POST',
        headers: { ...bearer('Mueller'), Cookie: 'sid=sk_live_4242', traceparent: `00-${traceId}-0123456789abcdef-01` },
        body: JSON.stringify({ message: 'secret-note', email: 'eve@example.com' }),
      });
    const answers = await Promise.all(Array.from({ length: 50 }, fail));
    for (const answer of answers) expect(answer.json()).toMatchObject({ errorCode: 'INTERNAL' });
    await eventually(() => sentry.events.length > 0);
    const found = samples((await call(gateway.url, '/metrics')).text);
    expect(found.get('donna_error_reports_total{result="held-back"}')).toBe(49);
    expect(sentry.events).toHaveLength(1);
    const [event] = sentry.events;
    expect(event).toMatchObject({
      level: 'error',
      release: '9.8.7',
      environment: 'test',
      tags: { kind: 'unexpected', errorCode: 'INTERNAL', route: 'failing', stage: 'replaced', traceId },
      contexts: { trace: { trace_id: traceId } },
    });
    expect(event?.exception.values.map(({ type }) => type)).toEqual(['RangeError', 'TypeError']);
    const frames = event?.exception.values[1]?.stacktrace?.frames ?? [];
    expect(frames.at(-1)?.filename).toBe('[elsewhere]/error-reports.e2e-spec.ts');
    expect(frames.at(-1)?.lineno).toBeGreaterThan(10);
    for (const planted of [...PLANTED, hostname(), process.cwd(), '/fail', 'Bearer'])
      expect(sentry.all()).not.toContain(planted);
  });

  it('refusals and answers of PHP are none', async () => {
    const before = sentry.calls();
    expect((await call(gateway.url, '/nowhere.php')).status).toBe(502);
    expect((await call(gateway.url, '/fail', { method: 'PURGE' })).status).toBeLessThan(503);
    const found = samples((await call(gateway.url, '/metrics')).text);
    expect(found.get('donna_error_reports_total{result="sent"}')).toBe(1);
    expect(sentry.calls()).toBe(before);
  });
});

describe('reports to Sentry', () => {
  let sentry: SentryReceiver;
  const said: string[] = [];
  const reporter = (dsn = sentry.dsn): SentryReporter =>
    new SentryReporter(dsn, { release: '1', environment: 'test', root: '/srv/app' }, {
      warn: (text: string) => void said.push(text),
    } as never);
  const outcomes = (one: SentryReporter): Readonly<Record<string, number>> =>
    Object.fromEntries(Array.from(one.outcomes.samples(), ([[name = ''], count]) => [name, count]));
  const report = (one: SentryReporter, name: string): void => {
    const error = new Error('told by nobody');
    error.name = name;
    one.report(error, { kind: 'unexpected' });
  };
  beforeEach(async () => {
    sentry = await startSentryReceiver();
  });
  afterEach(() => sentry.stop());

  it('are at most twenty a minute, whatever the errors', async () => {
    const one = reporter();
    for (let i = 0; i < 1000; i++) report(one, `Fault${i}`);
    await eventually(() => (outcomes(one)['held-back'] ?? 0) === 980);
    await one.flush(10_000);
    // The places on the way are fewer: what finds none is dropped.
    expect(sentry.events.length).toBeGreaterThan(0);
    expect(sentry.events.length).toBeLessThanOrEqual(20);
  });

  it('rest for as long as the receiver asks for', async () => {
    const one = reporter();
    sentry.answer((res) => void res.writeHead(429, { 'Retry-After': '3600' }).end());
    report(one, 'First');
    await eventually(() => outcomes(one)['refused'] === 1);
    await one.flush(10_000);
    sentry.answer((res) => void res.end('{}'));
    report(one, 'Second');
    await one.flush(10_000);
    expect(sentry.calls()).toBe(1);
  });

  it('go on after a refusal and after a receiver that is gone, and hold nobody up', async () => {
    const one = reporter();
    sentry.answer((res) => void res.writeHead(400).end('{"detail":"no"}'));
    report(one, 'First');
    await eventually(() => outcomes(one)['refused'] === 1);
    sentry.answer((res) => void res.destroy());
    report(one, 'Second');
    await eventually(() => outcomes(one)['failed'] === 1);
    sentry.answer((res) => void res.end('{}'));
    report(one, 'Third');
    await eventually(() => outcomes(one)['sent'] === 1);
    // One that never answers: the end of the process waits as long as it said, not for it.
    sentry.answer(() => undefined);
    report(one, 'Fourth');
    await eventually(() => sentry.calls() === 4);
    await one.flush(50);
  });

  it('survive an error that cannot be read, and a DSN that is none', async () => {
    const one = reporter();
    const hostile = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('no');
      },
    });
    one.report(hostile, { kind: 'stray', route: 'chat' });
    one.report('eve@example.com', { kind: 'stray' });
    one.report(undefined, { kind: 'end' });
    await eventually(() => sentry.events.some(({ level }) => level === 'fatal'));
    expect(sentry.all()).not.toContain('eve@');
    const none = reporter('http://127.0.0.1/');
    none.report(new Error('x'), { kind: 'end' });
    await none.flush(1000);
    expect(said.join()).toContain('SENTRY_DSN is none');
  });
});
