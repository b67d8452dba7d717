import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Header, Module } from '@nestjs/common';
import { GatewayError } from '../../src/contract/index.js';
import { OwnPage } from '../../src/edge/index.js';
import { NativeHandler } from '../../src/routing/index.js';
import { askRaw, parseAnswer, type RawAnswer, sendRaw } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

@Controller()
class PageController {
  @NativeHandler('own.page')
  @OwnPage()
  @Header('Content-Type', 'text/html; charset=utf-8')
  page(): string {
    return 'page';
  }

  @NativeHandler('own.page.failing')
  @OwnPage()
  failing(): never {
    throw new GatewayError('GONE');
  }
}

@Module({ controllers: [PageController] })
class PageModule {}

const ROUTES = `
upstreams: { php: { targets: ['\${REMOTE_PHP_BASE}'] } }
policies: { authorization: { public: {}, user: { anyOf: [jwt] } }, rateLimit: { one: { limit: 1, windowS: 60, per: ip } } }
defaults: { authorization: public }
routes:
  live: { match: { path: /livez, methods: [GET] }, handler: health.live }
  health: { match: { path: /api/health, methods: [GET] }, handler: health }
  own: { match: { path: /own, methods: [GET] }, handler: own.page }
  own.failing: { match: { path: /own-failing, methods: [GET] }, handler: own.page.failing }
  api: { match: { path: '/api/{*path}' }, upstream: php }
  user: { match: { path: /api/user.php }, upstream: php, policies: { authorization: user } }
  once: { match: { path: /api/once.php }, upstream: php, policies: { rateLimit: [one] } }
  dead: { match: { path: /api/dead.php }, upstream: php, policies: { timeoutMs: 100 } }
  socket: { match: { path: /ws }, upstream: php, policies: { upgrade: true } }
  theirs: { match: { path: /theirs }, upstream: php, policies: { securityHeaders: upstream, envelope: 'off' } }
  page: { match: { path: '/{*path}' }, upstream: php, policies: { envelope: 'off' } }
`;

/** What PHP itself sets, in other values and older spellings. */
const OF_PHP = {
  'Content-Security-Policy': 'default-src *',
  'content-security-policy-report-only': 'default-src *',
  'X-WebKit-CSP': 'default-src *',
  'Feature-Policy': 'camera *',
  'Permissions-Policy': 'camera=*',
  'X-Frame-Options': 'ALLOWALL',
  'X-Content-Type-Options': 'none',
  'Referrer-Policy': 'unsafe-url',
  'Strict-Transport-Security': 'max-age=0',
  'Reporting-Endpoints': 'gateway-csp="https://evil.example/"',
  Server: 'Apache/2.2 (php01)',
  'X-Powered-By': 'PHP/5.6',
};

/** Each once, with these values: helmet's set and the Permissions-Policy. */
const EVERYWHERE: Readonly<Record<string, string | RegExp>> = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'permissions-policy': /^(?:[a-z-]+=\((?:self)?\)(?:, |$))+$/,
  'referrer-policy': 'strict-origin-when-cross-origin',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'SAMEORIGIN',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
};
const DATA = "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'";
const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
];
const FORGED = 'Origin: https://evil.example';

function answerOf(request: string): string {
  const path = /^\S+ (\S+)/.exec(request)?.[1] ?? '';
  if (path === '/ws')
    return 'HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Frame-Options: DENY\r\n\r\n';
  const status = Number(/status=(\d+)/.exec(path)?.[1] ?? 200);
  const type = /type=([a-z/+-]+)/.exec(path)?.[1] ?? (path.startsWith('/api/') ? 'application/json' : 'text/html');
  const body =
    status === 304 || request.startsWith('HEAD ') ? '' : path.startsWith('/api/') ? '{"ok":true}' : '<p>page</p>';
  return httpAnswer(status, { ...OF_PHP, 'Content-Type': type }, body);
}

describe('security headers', () => {
  let upstream: RawUpstream;
  let reporting: TestGateway;
  let enforcing: TestGateway;
  beforeAll(async () => {
    upstream = await startRawUpstream((socket, request) => {
      if (!request.includes('/api/dead.php')) socket.write(answerOf(request));
    });
    const options = { phpTargets: [upstream.origin], routes: ROUTES, features: [PageModule] };
    const env = { TRUSTED_PROXIES: '127.0.0.1', ALLOWED_ORIGINS: 'https://app.example' };
    reporting = await startTestGateway({ ...options, env });
    enforcing = await startTestGateway({
      ...options,
      env: { ...env, CSP_MODE: 'enforce', OPENAI_API_KEY: `sk-${'k'.repeat(40)}` },
    });
  });
  afterAll(async () => {
    await reporting.stop();
    await enforcing.stop();
    await upstream.stop();
  });

  const ask = (start: string, fields: readonly string[] = [], at = reporting, body = ''): Promise<RawAnswer> => {
    const closes = fields.some((field) => field.startsWith('Connection:')) ? [] : ['Connection: close'];
    return askRaw(at.port, [`${start} HTTP/1.1`, 'Host: shop.example', ...fields, ...closes, '', body].join('\r\n'));
  };
  const TLS = 'X-Forwarded-Proto: https';

  /** [what, start line, fields, status, the policy's kind, body] */
  const ANSWERS: readonly [string, string, readonly string[], number, 'data' | 'application', string?][] = [
    ['JSON from PHP', 'GET /api/x.php', [], 200, 'data'],
    ['HEAD of JSON', 'HEAD /api/x.php', [], 200, 'data'],
    ['a page of PHP', 'GET /', [], 200, 'application'],
    ['a page under an API path', 'GET /api/x.php?type=text/plain', [], 200, 'data'],
    ['a picture that can hold scripts', 'GET /a?type=image/svg+xml', [], 200, 'application'],
    ['an event stream', 'GET /a?type=text/event-stream', [], 200, 'application'],
    ['a 304', 'GET /?status=304', [], 304, 'application'],
    ['PHP’s error page', 'GET /?status=500', [], 500, 'application'],
    ['PHP’s redirect', 'GET /?status=302', [], 302, 'application'],
    ['PHP’s JSON error', 'GET /api/x.php?status=404', [], 404, 'data'],
    ['a native answer', 'GET /api/health', [], 200, 'data'],
    ['a probe', 'GET /livez', [], 200, 'data'],
    ['an unknown method', 'PUT /api/health', ['Content-Length: 0'], 405, 'data'],
    ['OPTIONS', 'OPTIONS /api/health', [], 204, 'data'],
    ['a preflight', 'OPTIONS /', ['Origin: https://app.example', 'Access-Control-Request-Method: PUT'], 204, 'data'],
    ['a foreign origin', 'GET /', [FORGED], 403, 'data'],
    ['no identity', 'GET /api/user.php', [], 401, 'data'],
    ['PHP that says nothing', 'GET /api/dead.php', [], 504, 'data'],
    ['a path that cannot be read', 'GET /%00', [], 400, 'data'],
    ['a head that cannot be read', 'GET /', ['Expect: a', 'Expect: b'], 400, 'data'],
    ['an address that is too long', `GET /${'a'.repeat(9000)}`, [], 414, 'data'],
    ['bytes that are no request', 'GET /', ['Bad Header: x'], 400, 'data'],
    ['a body that is too large', 'POST /api/x.php', ['Content-Length: 9999999'], 413, 'data'],
    ['an upgrade', 'GET /ws', UPGRADE, 101, 'application'],
    ['a refused upgrade', 'GET /ws', [...UPGRADE, FORGED], 403, 'data'],
    ['an upgrade of nothing that can be read', 'GET /ws', [...UPGRADE, 'Expect: a', 'Expect: b'], 400, 'data'],
    ['a tunnel', 'CONNECT other.example:443', [], 405, 'data'],
  ];

  it.each(ANSWERS)('stand once in %s', async (_what, start, fields, status, kind) => {
    const { status: got, headers, raw } = await ask(start, fields);
    expect(got).toBe(status);
    for (const [name, value] of Object.entries(EVERYWHERE)) {
      if (typeof value === 'string') expect([name, headers[name]]).toEqual([name, value]);
      else expect(headers[name]).toMatch(value);
    }
    expect(raw.slice(0, raw.indexOf('\r\n\r\n'))).not.toMatch(
      /^(?:server|x-powered-by|strict-transport-security|x-webkit-csp|feature-policy|reporting-endpoints):/im,
    );
    if (kind === 'data') {
      expect(headers['content-security-policy']).toBe(DATA);
      expect(headers['content-security-policy-report-only']).toBeUndefined();
    } else {
      expect(headers['content-security-policy']).toBeUndefined();
      expect(headers['content-security-policy-report-only']).toMatch(/^default-src 'self';.*;report-uri \/csp-report$/);
    }
  });

  it('stand in the answer over the limit', async () => {
    await ask('GET /api/once.php');
    const { status, headers } = await ask('GET /api/once.php');
    expect(status).toBe(429);
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'content-security-policy': DATA });
  });

  it('do not follow a second request’s fault into the first one’s answer', async () => {
    const raw = await sendRaw(reporting.port, 'GET /livez HTTP/1.1\r\nHost: h\r\n\r\nnonsense\r\n\r\n');
    const [first = '', second = ''] = raw.split(/(?=HTTP\/1\.1 400)/);
    for (const part of [first, second])
      expect(part.match(/^(?:x-frame-options|content-security-policy|referrer-policy):/gim)).toHaveLength(3);
    expect(parseAnswer(first).status).toBe(200);
  });

  it('demand TLS over TLS alone, as a trusted proxy reports it', async () => {
    for (const path of ['/', '/api/x.php', '/livez', '/nowhere/%00']) {
      const overTls = await ask(`GET ${path}`, [TLS]);
      expect(overTls.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
      expect((await ask(`GET ${path}`)).headers['strict-transport-security']).toBeUndefined();
    }
  });

  it('leave a route its upstream’s where the table says so', async () => {
    const { headers } = await ask('GET /theirs');
    expect(headers).toMatchObject({
      'x-frame-options': 'ALLOWALL',
      'feature-policy': 'camera *',
      'permissions-policy': 'camera=*',
    });
    expect(headers['content-security-policy']).toBe('default-src *');
  });

  it('let the receptionist hear and deny what nothing needs', async () => {
    const policy = (await ask('GET /')).headers['permissions-policy']?.split(', ') ?? [];
    expect(policy).toContain('microphone=(self)');
    for (const feature of ['camera', 'geolocation', 'payment', 'usb', 'serial', 'hid', 'display-capture', 'midi'])
      expect(policy).toContain(`${feature}=()`);
    expect(new Set(policy).size).toBe(policy.length);
  });

  describe('with CSP_MODE=enforce', () => {
    it('the application’s policy is enforced, without anything inline, evaluated, or from elsewhere', async () => {
      const { headers } = await ask('GET /', [], enforcing);
      const policy = headers['content-security-policy'] ?? '';
      expect(headers['content-security-policy-report-only']).toBeUndefined();
      expect(policy).toContain(";script-src 'self';style-src 'self';");
      expect(policy).not.toMatch(/unsafe|\*|http:/);
    });

    it('a real realtime provider may be connected to, and nobody else', async () => {
      const real = (await ask('GET /', [], enforcing)).headers['content-security-policy'] ?? '';
      expect(/connect-src ([^;]*)/.exec(real)?.[1]).toBe("'self' https://api.openai.com wss://api.openai.com");
      const stub = (await ask('GET /')).headers['content-security-policy-report-only'] ?? '';
      expect(/connect-src ([^;]*)/.exec(stub)?.[1]).toBe("'self'");
    });
  });

  it('name a reporting endpoint over TLS alone: without it a browser that knows report-to would report to nobody', async () => {
    const plain = (await ask('GET /')).headers;
    expect(plain['content-security-policy-report-only']).not.toContain('report-to');
    const { headers } = await ask('GET /', [TLS]);
    expect(headers['reporting-endpoints']).toBe('gateway-csp="/csp-report"');
    expect(headers['content-security-policy-report-only']).toMatch(/;report-uri \/csp-report;report-to gateway-csp$/);
  });

  it('enforce the policy of the gateway’s own pages in either mode, and that of errors when one fails', async () => {
    for (const at of [reporting, enforcing]) {
      const { headers } = await ask('GET /own', [], at);
      expect(headers['content-type']).toContain('text/html');
      expect(headers['content-security-policy']).toMatch(/^default-src 'none';.*script-src 'self';style-src 'self'/);
      expect(headers['content-security-policy']).not.toMatch(/unsafe|\n/);
      expect(headers['content-security-policy-report-only']).toBeUndefined();
      const failed = await ask('GET /own-failing', [], at);
      expect(failed.status).toBe(410);
      expect(failed.headers['content-security-policy']).toBe(DATA);
    }
  });
});
