import { describe, expect, it } from '@jest/globals';
import { Controller, Module, Res } from '@nestjs/common';
import { createHmac } from 'node:crypto';
import { request, type ServerResponse } from 'node:http';
import { NativeHandler } from '../../src/routing/index.js';
import { call } from '../support/http-call.js';
import {
  DATABASE,
  expectRefusal,
  GOOGLE_KEY,
  OPENAI_KEY,
  SMTP_PASS,
  useLeakySite,
  VENDOR_KEY,
} from '../support/leaky-site.js';
import { httpAnswer } from '../support/raw-upstream.js';
import { IDENTITY_SECRET, JWT_SECRET } from '../support/test-gateway.js';
import { FORWARDERS } from '../support/two-forwarders.js';

@Controller()
class LeakyController {
  @NativeHandler('leaky')
  whole(): object {
    return { session: { api_key: OPENAI_KEY } };
  }

  @NativeHandler('leaky.raw')
  raw(@Res() res: ServerResponse): void {
    res.write(`<p>${'x'.repeat(100)}${OPENAI_KEY.slice(0, 9)}`);
    res.write(OPENAI_KEY.slice(9));
    res.end('</p>');
  }

  @NativeHandler('leaky.header')
  header(@Res() res: ServerResponse): void {
    res.writeHead(200, { 'X-Debug': OPENAI_KEY });
    res.end('fine');
  }

  @NativeHandler('clean')
  clean(@Res() res: ServerResponse): void {
    res.setHeader('Content-Type', 'application/json');
    res.write('{"access_token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x",');
    res.end(`"client_secret":{"value":"${['ek', 'q8Wf3LxZ0vN5bT7yH2kR9mC4dJ6gP1sE'].join('_')}"},"task":"sk-"}`);
  }
}

@Module({ controllers: [LeakyController] })
class LeakyModule {}

function native(name: string): string {
  return `  ${name}: { match: { path: '/native/${name}', methods: [GET] }, handler: ${name}, stage: replaced, policies: { authorization: public } }\n`;
}

const site = useLeakySite(
  `${['leaky', 'leaky.raw', 'leaky.header', 'clean'].map(native).join('')}
  ws: { match: { path: '/ws', methods: [GET] }, upstream: php, policies: { authorization: public, upgrade: true } }
  off: { match: { path: '/off/{*path}' }, upstream: php, policies: { authorization: public, secretScan: 'off' } }
  own: { match: { path: '/own/{*path}' }, upstream: php, policies: { authorization: public, envelope: 'off', secretScan: own } }
`,
  [LeakyModule],
);

describe.each(FORWARDERS)('over %s', (_name, path) => {
  it.each([
    ['as it is', 'OPENAI_API_KEY', `{"session":{"user":1,"api_key":"${OPENAI_KEY}"}}`],
    ['in a page', 'OPENAI_API_KEY', `<script>const key = '${OPENAI_KEY}';</script>`],
    ['JSON-escaped as PHP does', 'SMTP_PASS', String.raw`{"pass":"p\u00e4\"ss\/w<rd&8 7x"}`],
    ['JSON-escaped as others do', 'SMTP_PASS', JSON.stringify({ pass: SMTP_PASS })],
    ['HTML-escaped', 'SMTP_PASS', '<td>pä&quot;ss/w&lt;rd&amp;8 7x</td>'],
    ['URL-encoded', 'SMTP_PASS', `<a href="/?p=${encodeURIComponent(SMTP_PASS)}">`],
    ['URL-encoded as a form', 'SMTP_PASS', `p=${encodeURIComponent(SMTP_PASS).replaceAll('%20', '+')}`],
    ['URL-encoded in lower case', 'SMTP_PASS', `p=${encodeURIComponent(SMTP_PASS).toLowerCase()}`],
    ...[0, 1, 2, 3].map(
      (shift) =>
        [
          `in base64, ${shift} bytes into it`,
          'JWT_SECRET',
          Buffer.from(`${'x'.repeat(shift)}${JWT_SECRET}"}`).toString('base64'),
        ] as const,
    ),
    ['in base64url', 'SMTP_PASS', Buffer.from(`{"p":"${SMTP_PASS}"}`).toString('base64url')],
    ['as basic credentials', 'SMTP_PASS', Buffer.from(`donna:${SMTP_PASS}`).toString('base64')],
    ['of the database, with its user and host', 'DATABASE_URL', `could not connect to ${DATABASE}`],
    ['of the identity assertions', 'GATEWAY_IDENTITY_SECRET', `getenv: ${IDENTITY_SECRET}`],
    ['of a vendor', 'Anthropic key', `{"config":{"key":"${VENDOR_KEY}"}}`],
  ])('a secret %s never leaves', async (_case, secret, body) => {
    for (const type of ['text/html', 'application/json', 'application/octet-stream']) {
      site.alarms.mockClear();
      const isJson = body.startsWith('{');
      if (!isJson && type === 'application/json') continue;
      site.answerWith({ 'Content-Type': type }, body);
      expectRefusal(await call(site.url, path));
      site.expectAlarm(secret);
    }
  });

  it.each([
    ['Set-Cookie', `key=${OPENAI_KEY}; Path=/`],
    ['Location', `https://other.example/?key=${OPENAI_KEY}`],
    ['X-Debug', `Bearer ${OPENAI_KEY}`],
    ['Content-Type', `text/html; x=${OPENAI_KEY}`],
    // Regression: it is the one field that was written without a look at it.
    ['Content-Encoding', OPENAI_KEY],
  ])('a secret in %s never leaves', async (name, value) => {
    site.answerWith({ [name]: value }, '<p>hello</p>');
    expectRefusal(await call(site.url, path));
    site.expectAlarm('OPENAI_API_KEY', `header ${name.toLowerCase()}`);
  });

  it('a secret in the reason phrase never leaves', async () => {
    site.say = (socket) => socket.write(`HTTP/1.1 200 ${OPENAI_KEY}\r\nContent-Length: 0\r\n\r\n`);
    expectRefusal(await call(site.url, path));
    site.expectAlarm('OPENAI_API_KEY', 'status line');
  });

  it('credentials in header fields of their own are dropped, and cost the answer nothing', async () => {
    site.answerWith({ Authorization: `Bearer ${OPENAI_KEY}`, 'X-Gateway-Identity': 'a.b.c' }, '<p>hello</p>');
    const answer = await call(site.url, path);
    expect([answer.status, answer.text]).toEqual([200, '<p>hello</p>']);
    expect([answer.headers['authorization'], answer.headers['x-gateway-identity']]).toEqual([undefined, undefined]);
  });

  it('the assertion that PHP got with this very request does not come back', async () => {
    site.say = (socket, head) => {
      const assertion = /^x-gateway-identity: (\S+)/im.exec(head)?.[1] ?? 'PHP got none';
      socket.write(httpAnswer(200, { 'Content-Type': 'text/html' }, `<tr><td>HTTP_X_GATEWAY_IDENTITY<td>${assertion}`));
    };
    expectRefusal(await call(site.url, path));
    site.expectAlarm('X-Gateway-Identity');
  });

  it.each([
    ['prose', 'Train with sk-learn; the risk-adjusted task-list is in disk-cache-for-all-of-the-tenants-of-this-host.'],
    ['a style sheet', '.sk-folding-cube-animation{color:#fff}.sk_row{} .btn-sk-proj-x{} SG.x AKIA KEY01 ghp_ xoxb-'],
    ['an explanation', 'A key begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----'],
    ['an image with a hash', '<img src="/flags/sk-d41d8cd98f00b204e9800998ecf8427ed41d8cd9.svg">'],
    ['a client’s own tokens', `{"value":"${['ek', 'q8Wf3LxZ0vN5bT7yH2kR9mC4dJ6gP1sE'].join('_')}"}`],
    ['an access token', `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${'e30'.repeat(30)}.${'x'.repeat(43)}`],
    ['a map on a page', `<script src="https://maps.googleapis.com/maps/api/js?key=${GOOGLE_KEY}"></script>`],
  ])('%s passes', async (_case, body) => {
    site.answerWith({}, body);
    const answer = await call(site.url, path);
    expect([answer.status, answer.text.slice(0, 12)]).toEqual([
      200,
      body.startsWith('{') && path.startsWith('/json') ? expect.any(String) : body.slice(0, 12),
    ]);
    expect(site.alarms).not.toHaveBeenCalled();
  });

  it('a Google key is a leak where it is no page', async () => {
    site.answerWith({ 'Content-Type': 'application/json' }, `{"key":"${GOOGLE_KEY}"}`);
    expectRefusal(await call(site.url, path));
    site.expectAlarm('Google API key');
  });
});

describe('a native answer', () => {
  it.each([
    ['leaky', 'body'],
    ['leaky.raw', 'body'],
    ['leaky.header', 'header x-debug'],
  ])('of %s is stopped like PHP’s', async (handler, where) => {
    // What the handler had written may not have left this machine when the connection is cut.
    const { status, text } = await site.receive(`/native/${handler}`).catch(() => ({ status: 0, text: '' }));
    expect(text).not.toContain(OPENAI_KEY);
    if (handler !== 'leaky.raw')
      expect([status, JSON.parse(text)]).toMatchObject([502, { errorCode: 'UPSTREAM_BAD_ANSWER' }]);
    site.expectAlarm('OPENAI_API_KEY', where);
  });

  it('with tokens that are made for the client passes', async () => {
    const answer = await call(site.url, '/native/clean');
    expect([answer.status, answer.json()]).toMatchObject([200, { task: 'sk-' }]);
    expect(site.alarms).not.toHaveBeenCalled();
  });
});

describe('an upgrade', () => {
  it('whose head carries a secret is refused', async () => {
    const head = (value: string): string =>
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Debug: ${value}\r\n\r\n`;
    const ask = (): Promise<number> =>
      new Promise((resolve, reject) => {
        const headers = {
          Connection: 'Upgrade',
          Upgrade: 'websocket',
          'Sec-WebSocket-Key': 'x',
          'Sec-WebSocket-Version': '13',
        };
        request(`${site.url}/ws`, { agent: false, headers })
          .once('error', reject)
          .once('response', (res) => resolve(res.resume().statusCode ?? 0))
          .once('upgrade', (res, socket) => {
            socket.destroy();
            resolve(res.statusCode ?? 0);
          })
          .end();
      });
    site.say = (socket) => socket.write(head('fine'));
    expect(await ask()).toBe(101);
    site.say = (socket) => socket.write(head(OPENAI_KEY));
    expect(await ask()).toBe(502);
    site.expectAlarm('OPENAI_API_KEY', 'header x-debug');
  });
});

describe('a route', () => {
  it('with secretScan: own looks for the gateway’s own secrets alone', async () => {
    site.answerWith({}, `<p>${VENDOR_KEY}</p>`);
    expect((await call(site.url, '/own/x')).text).toContain(VENDOR_KEY);
    site.answerWith({}, `<p>${createHmac('sha256', 'x').digest('hex')} ${JWT_SECRET}</p>`);
    expectRefusal(await call(site.url, '/own/x'));
  });

  it('with secretScan: off is left alone', async () => {
    site.answerWith({ 'X-Debug': OPENAI_KEY }, `<p>${OPENAI_KEY}</p>`);
    expect((await call(site.url, '/off/x')).text).toContain(OPENAI_KEY);
    expect(site.alarms).not.toHaveBeenCalled();
  });
});
