import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Inject, Module } from '@nestjs/common';
import { EnvelopeFields } from '../../src/contract/index.js';
import { CspReportModule, CspReports } from '../../src/features/index.js';
import { NativeHandler } from '../../src/routing/index.js';
import type { Logger } from '../../src/trace/index.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** As the dashboard will read them. */
@Controller()
class ListController {
  constructor(@Inject(CspReports) private readonly reports: CspReports) {}

  @NativeHandler('csp.list')
  list(): EnvelopeFields {
    return new EnvelopeFields({ list: this.reports.list() });
  }
}

@Module({ imports: [CspReportModule], controllers: [ListController] })
class ListModule {}

const ROUTES = `
policies: { authorization: { public: {} }, rateLimit: { reports: { limit: LIMIT, windowS: 60, per: ip } } }
defaults: { authorization: public }
routes:
  csp-report: { match: { path: /csp-report, methods: [POST] }, handler: csp-report, policies: { maxBodyBytes: 65536, rateLimit: [reports] } }
  list: { match: { path: /list, methods: [GET] }, handler: csp.list }
`;
const LEGACY = 'application/csp-report';
const REPORTS = 'application/reports+json';

let tests = 0;

describe('POST /csp-report', () => {
  let gateway: TestGateway;
  let site = '';
  /** Where the pages of this test lie: what other tests reported is not seen. */
  let folder = '';
  let warned: jest.Spied<Logger['warn']>;
  const start = (limit: number): Promise<TestGateway> =>
    startTestGateway({
      routes: ROUTES.replace('LIMIT', String(limit)),
      features: [ListModule],
      env: { ALLOWED_ORIGINS: 'https://app.example' },
    });
  beforeAll(async () => {
    gateway = await start(1000);
    site = gateway.url;
    warned = jest.spyOn(gateway.logger, 'warn');
  });
  beforeEach(() => {
    folder = `/t${(tests += 1)}`;
    warned.mockClear();
  });
  afterAll(() => gateway.stop());

  const send = (body: unknown, type = LEGACY, headers: Record<string, string> = {}): Promise<CallAnswer> =>
    call(site, '/csp-report', {
      method: 'POST',
      headers: { 'Content-Type': type, ...headers },
      body: (typeof body === 'string' ? body : JSON.stringify(body)).replaceAll('/FOLDER', folder),
    });
  const list = async (): Promise<readonly Record<string, unknown>[]> => {
    const { list: all } = (await call(site, '/list')).json() as { list: { documentPath: string }[] };
    return all
      .filter(({ documentPath }) => documentPath.startsWith(`${folder}/`))
      .map((seen) => ({ ...seen, documentPath: seen.documentPath.slice(folder.length) }));
  };
  const legacy = (fields: Record<string, unknown> = {}): object => ({
    'csp-report': {
      'document-uri': `${site}${folder}/chatbot.php?token=secret#x`,
      referrer: 'https://search.example/?q=my+name',
      'violated-directive': "script-src-elem 'self'",
      'effective-directive': 'script-src-elem',
      'original-policy': "default-src 'self'",
      disposition: 'report',
      'blocked-uri': 'https://cdn.example/lib.js?user=jane',
      'status-code': 200,
      'script-sample': 'const password = 1',
      ...fields,
    },
  });
  const report = (fields: Record<string, unknown> = {}, type = 'csp-violation'): object => ({
    age: 12,
    type,
    url: `${site}/`,
    user_agent: 'Mozilla/5.0',
    body: {
      documentURL: `${site}${folder}/receptionist.php?x=1`,
      blockedURL: 'inline',
      effectiveDirective: 'style-src-attr',
      disposition: 'enforce',
      sample: 'color: red',
      ...fields,
    },
  });

  it('takes what older browsers send, without query, user or sample', async () => {
    const answer = await send(legacy());
    expect(answer.status).toBe(204);
    expect(answer.text).toBe('');
    const kept = await list();
    expect(kept).toEqual([
      {
        disposition: 'report',
        directive: 'script-src-elem',
        blocked: 'https://cdn.example',
        documentPath: '/chatbot.php',
        count: 1,
        firstSeenAt: expect.any(Number),
        lastSeenAt: expect.any(Number),
      },
    ]);
    expect(JSON.stringify([kept, warned.mock.calls])).not.toMatch(/secret|jane|search|password|my\+name/);
  });

  it.each([REPORTS, `${REPORTS}; charset=utf-8`, 'application/json'])(
    'takes an array of reports as %s',
    async (type) => {
      const others = [report({}, 'deprecation'), { type: 'intervention', body: null, url: site }];
      expect((await send([report(), ...others, report({ blockedURL: 'eval' })], type)).status).toBe(204);
      expect(await list()).toMatchObject(
        [
          { disposition: 'enforce', directive: 'style-src-attr', blocked: 'eval', documentPath: '/receptionist.php' },
          { blocked: 'inline' },
        ].toSorted((a, b) => a.blocked.localeCompare(b.blocked)),
      );
    },
  );

  it('takes the older format as application/json, and a directive with its sources', async () => {
    const body = legacy({ 'effective-directive': undefined, 'blocked-uri': '', disposition: undefined });
    expect((await send(body, 'application/json')).status).toBe(204);
    expect(await list()).toMatchObject([{ directive: 'script-src-elem', blocked: 'inline', disposition: 'report' }]);
  });

  it('counts what is reported again, and logs it once', async () => {
    for (let i = 0; i < 5; i++) await send(legacy({ 'blocked-uri': `https://cdn.example/${i}` }));
    expect(await list()).toMatchObject([{ count: 5 }]);
    expect(warned.mock.calls.map(([line]) => line)).toEqual([
      {
        csp: {
          disposition: 'report',
          directive: 'script-src-elem',
          blocked: 'https://cdn.example',
          documentPath: `${folder}/chatbot.php`,
        },
        count: 1,
      },
    ]);
  });

  it.each([
    ['another site’s page', { 'document-uri': 'https://evil.example/FOLDER/' }],
    ['a page on another port', { 'document-uri': 'http://127.0.0.1:1/FOLDER/' }],
    ['a page that only looks like this site’s', { 'document-uri': 'http://127.0.0.1@evil.example/FOLDER/' }],
    ['no page', { 'document-uri': 'about' }],
    ['no page at all', { 'document-uri': { a: 1 } }],
    ['a directive that there is not', { 'effective-directive': 'made-up' }],
    ['no directive', { 'effective-directive': ['script-src'] }],
    ['an extension’s script', { 'blocked-uri': 'chrome-extension://abcdef/inject.js' }],
    ['an extension’s scheme alone', { 'blocked-uri': 'moz-extension' }],
    ['an extension as the source', { 'source-file': 'safari-web-extension://x/y.js' }],
    ['what is no address', { 'blocked-uri': 'Robert <script>' }],
    ['what is far too long', { 'blocked-uri': `https://a.example/${'a'.repeat(4000)}` }],
  ])('leaves out %s', async (_what, fields) => {
    expect((await send(legacy(fields))).status).toBe(204);
    expect(await list()).toEqual([]);
    expect(warned.mock.calls).toEqual([]);
  });

  it('knows its pages by the name that the browser uses, whatever the scheme', async () => {
    const host = { Host: 'Shop.Example' };
    await send(legacy({ 'document-uri': `https://shop.example${folder}/a` }), LEGACY, host);
    await send(legacy({ 'document-uri': `http://shop.example:80${folder}/b` }), LEGACY, host);
    await send(legacy({ 'document-uri': `${site}${folder}/c` }), LEGACY, host);
    expect((await list()).map(({ documentPath }) => documentPath).sort()).toEqual(['/a', '/b']);
  });

  it('keeps no number, address or token that stands in a path, and of data: the scheme', async () => {
    const document = `${site}${folder}/users/jane@corp.example/orders/4711/reset/0123456789abcdef0123456789`;
    await send(legacy({ 'document-uri': document, 'blocked-uri': 'data:text/html,secret' }));
    expect(await list()).toMatchObject([{ documentPath: '/users/*/orders/*/reset/*', blocked: 'data:' }]);
  });

  it.each([
    ['no JSON', '{"csp-report":', LEGACY, 400],
    ['nothing', '', LEGACY, 422],
    ['another object', '{"a":1}', 'application/json', 422],
    ['a report that is none', '{"csp-report":[1]}', LEGACY, 422],
    ['a list of no reports', '[1,null]', REPORTS, 422],
    ['null', 'null', REPORTS, 422],
    ['__proto__', '{"__proto__":{"csp-report":{}}}', LEGACY, 400],
    ['a text', 'csp', 'text/plain', 415],
    ['too much', `[${' '.repeat(65_536)}]`, REPORTS, 413],
  ])('refuses %s', async (_what, body, type, status) => {
    const answer = await send(body, type);
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({ success: false });
    expect(await list()).toEqual([]);
  });

  it('reads the first twenty reports of a request, and survives the rest', async () => {
    const many = Array.from({ length: 100 }, (_, i) => report({ blockedURL: `https://a${i}.example/` }));
    expect((await send(many, REPORTS)).status).toBe(204);
    expect(await list()).toHaveLength(20);
  });

  it('stops an address that reports too much', async () => {
    const strict = await start(3);
    try {
      const statuses = [];
      for (let i = 0; i < 4; i++) {
        const headers = { 'Content-Type': LEGACY };
        const answer = await call(strict.url, '/csp-report', {
          method: 'POST',
          headers,
          body: JSON.stringify(legacy()),
        });
        statuses.push(answer.status);
      }
      expect(statuses).toEqual([204, 204, 204, 429]);
    } finally {
      await strict.stop();
    }
  });

  it.each([
    ['from its own page', () => site, 204],
    ['without Origin', () => undefined, 204],
    ['from another site', () => 'https://evil.example', 403],
    ['from a sandboxed frame', () => 'null', 403],
  ])('takes reports %s: as any request', async (_what, origin, status) => {
    const from = origin();
    expect((await send(legacy(), LEGACY, from === undefined ? {} : { Origin: from })).status).toBe(status);
  });
});

describe('ten thousand made-up breaches', () => {
  it('stay 500 in memory and 31 lines in the log of a minute, and what is real stays known', () => {
    const lines: unknown[] = [];
    const reports = new CspReports({ warn: (line: unknown) => lines.push(line) } as unknown as Logger);
    const violation = { disposition: 'report', directive: 'img-src', documentPath: '/' } as const;
    const real = { ...violation, blocked: 'https://real.example' };
    for (let i = 0; i < 10_000; i++) {
      reports.add({ ...violation, blocked: `https://a${i}.example` }, 1_000_000);
      if (i % 100 === 0) reports.add(real, 1_000_000);
    }
    expect(reports.list()).toHaveLength(500);
    expect(reports.list().find(({ blocked }) => blocked === real.blocked)?.count).toBe(100);
    expect(lines).toHaveLength(31);
    // A breach that the flood kept out of the log is told when it comes again.
    const kept = { ...violation, blocked: 'https://a9999.example' };
    reports.add(kept, 1_060_000);
    expect(lines.at(-1)).toEqual({ csp: kept, count: 2 });
    // One that goes on is told again after an hour, not before.
    reports.add(kept, 1_060_000 + 3_599_999);
    expect(lines).toHaveLength(32);
    reports.add(kept, 1_060_000 + 3_600_000);
    expect(lines.at(-1)).toEqual({ csp: kept, count: 4 });
  });
});
