import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Module } from '@nestjs/common';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NativeHandler } from '../../src/routing/index.js';
import { call, type CallAnswer, multipart } from '../support/http-call.js';
import { catchAllTable, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const seenNatively: unknown[] = [];

@Controller()
class SeenController {
  @NativeHandler('seen')
  seen(@Body() body: unknown): object {
    seenNatively.push(body);
    return {};
  }
}

@Module({ controllers: [SeenController] })
class SeenModule {}

const TABLE = `
upstreams: { php: { targets: ['\${REMOTE_PHP_BASE}'] } }
policies: { authorization: { public: {} } }
routes:
  settings: { match: { path: /settings, methods: [PUT] }, upstream: php, policies: { authorization: public, input: settings.set, unknownFields: refuse } }
  made: { match: { path: /made, methods: [POST] }, upstream: php, policies: { authorization: public, input: conversations.create } }
  removed: { match: { path: /removed, methods: [DELETE] }, upstream: php, policies: { authorization: public, input: conversations.delete } }
  inbox: { match: { path: /inbox, methods: [GET] }, upstream: php, policies: { authorization: public, input: marketing.inbox } }
  upload: { match: { path: /upload, methods: [POST] }, upstream: php, policies: { authorization: public, input: voice.upload, maxBodyBytes: 12000000 } }
  lead: { match: { path: /lead, methods: [POST] }, handler: seen, policies: { authorization: public, input: sales.update-lead } }
  native: { match: { path: /native, methods: [POST] }, handler: seen, policies: { authorization: public, maxBodyBytes: 4000000 } }
  box: { match: { path: /box, methods: [POST] }, upstream: php, policies: { authorization: public, maxBodyBytes: 4000000 } }
  box.add: { match: { path: /box, methods: [POST], action: add }, upstream: php, policies: { authorization: public } }
  plain: { match: { path: /plain }, upstream: php, policies: { authorization: public } }
  all: { match: { path: '/{*path}' }, upstream: php, policies: { authorization: public } }
`;
const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';

describe('the fields of a request', () => {
  const reached: { url: string; body: Buffer }[] = [];
  let php: Server;
  let gateway: TestGateway;

  beforeAll(async () => {
    php = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        reached.push({ url: req.url ?? '', body: Buffer.concat(chunks) });
        res.setHeader('Content-Type', JSON_TYPE).end('{}');
      });
    });
    await new Promise<void>((done) => php.listen(0, '127.0.0.1', done));
    const target = `http://127.0.0.1:${(php.address() as AddressInfo).port}`;
    gateway = await startTestGateway({ routes: TABLE, phpTargets: [target], features: [SeenModule] });
  });
  afterAll(async () => {
    await gateway.stop();
    php.closeAllConnections();
    await new Promise((done) => php.close(done));
  });
  afterEach(() => {
    reached.length = 0;
    seenNatively.length = 0;
  });

  const send = (method: string, path: string, body?: string | Buffer, type = JSON_TYPE): Promise<CallAnswer> =>
    call(gateway.url, path, { method, ...(body === undefined ? {} : { headers: { 'Content-Type': type }, body }) });
  const faults = (answer: CallAnswer): Record<string, string> =>
    (answer.json() as { validationErrors?: Record<string, string> }).validationErrors ?? {};

  it('reach PHP byte for byte when they are valid', async () => {
    const bodies = ['{ "title" : "\\u0061",\n"metadata":{"x":1.0,"big":12345678901234567890}, "title":"b" }', '{}'];
    for (const body of bodies) expect((await send('POST', '/made', body)).status).toBe(200);
    expect((await send('POST', '/made', 'title=%41+b&&x=%zz', FORM)).status).toBe(200);
    expect((await send('GET', '/inbox?limit=5&x[]=1&x[]=2')).status).toBe(200);
    expect(reached.map(({ body }) => body.toString())).toEqual([...bodies, 'title=%41+b&&x=%zz', '']);
    expect(reached.at(-1)?.url).toBe('/inbox?limit=5&x[]=1&x[]=2');
  });

  it('reach PHP byte for byte as an upload of 10 MB', async () => {
    const audio = Buffer.alloc(10 * 1024 * 1024, 7);
    audio.write('OggS');
    const { body, type } = multipart([], [['audio', 'a.ogg', 'text/html', audio]]);
    expect((await send('POST', '/upload', body, type)).status).toBe(200);
    expect(reached[0]?.body.equals(body)).toBe(true);
    const larger = multipart([], [['audio', 'a.ogg', 'audio/ogg', Buffer.concat([audio, Buffer.alloc(1)])]]);
    expect((await send('POST', '/upload', larger.body, larger.type)).status).toBe(413);
    expect(reached).toHaveLength(1);
  });

  it('never reach PHP when they are not valid, and what was sent is not repeated', async () => {
    const secret = 'hunter2-s3cret';
    const answer = await send(
      'PUT',
      '/settings',
      JSON.stringify({ theme: secret, language: secret, profile: secret, behavior: { tone: [secret] } }),
    );
    expect(answer.status).toBe(422);
    expect(answer.json()).toMatchObject({
      success: false,
      errorCode: 'VALIDATION_FAILED',
      error: 'Some fields are not valid.',
    });
    expect(faults(answer)).toEqual({
      theme: 'must be one of light, dark, auto',
      language: 'must be two small letters such as en',
      profile: 'must be one of general, sales, receptionist, marketing',
      'behavior.tone': 'must be text',
    });
    expect(answer.text).not.toContain(secret);
    expect(reached).toEqual([]);
  });

  it('are told of 50 at most, by short names', async () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`unknown-${i}`, 1]));
    const answer = await send('PUT', '/settings', JSON.stringify({ ...many }));
    expect(Object.keys(faults(answer))).toHaveLength(50);
    const odd = await send(
      'PUT',
      '/settings',
      JSON.stringify({ [`<b>\r\n${'x'.repeat(5000)}`]: 1, constructor: 1, toString: 1 }),
    );
    expect(Object.keys(faults(odd)).map((name) => name.length)).toEqual([64, 11, 8]);
    expect(odd.text).not.toMatch(/[\r\n]/);
    expect(reached).toEqual([]);
  });

  it('are refused where query and body say different things', async () => {
    expect((await send('DELETE', '/removed?id=a', '{"id":"b"}')).status).toBe(400);
    expect((await send('DELETE', '/removed?id[]=a', '{"id":"a"}')).status).toBe(400);
    expect((await send('POST', '/made?title=a', '{"title":"b"}')).status).toBe(400);
    expect(reached).toEqual([]);
    expect((await send('DELETE', '/removed?id=5', '{"id":5}')).status).toBe(200);
    expect((await send('POST', '/made?other=a', '{"title":"b","other":"c"}')).status).toBe(200);
  });

  const HOSTILE: readonly (readonly [title: string, type: string, body: string])[] = [
    ['__proto__', JSON_TYPE, '{"action":"add","a":[{"__proto__":{"polluted":1}}]}'],
    ['constructor.prototype', JSON_TYPE, '{"action":"add","constructor":{"prototype":{"polluted":1}}}'],
    ['__proto__ in a form', FORM, 'action=add&a[__proto__][polluted]=1'],
    [
      '__proto__ in multipart',
      'multipart/form-data; boundary=B',
      '--B\r\nContent-Disposition: form-data; name="a[__proto__][x]"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; name="action"\r\n\r\nadd\r\n--B--\r\n',
    ],
    ['65 levels', JSON_TYPE, `{"action":"add","a":${'['.repeat(65)}${']'.repeat(65)}}`],
    ['a megabyte of brackets', JSON_TYPE, '['.repeat(1 << 20)],
    ['65 brackets in a form', FORM, `action=add&a${'[b]'.repeat(65)}=1`],
    ['1,001 fields', FORM, 'action=add&'.repeat(1001)],
    ['1e999', JSON_TYPE, '{"action":"add","a":1e999}'],
    ['half a million values', JSON_TYPE, `{"action":"add","a":[${'{},'.repeat(500_000)}1]}`],
  ];

  it.each(HOSTILE)('are refused on a route without a DTO: %s', async (_title, type, body) => {
    const answer = await send('POST', '/box', body, type);
    expect(answer.status).toBe(400);
    expect(reached).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each(HOSTILE.filter(([, type]) => !type.startsWith('multipart')))(
    'are refused for a native handler: %s',
    async (_title, type, body) => {
      expect((await send('POST', '/native', body, type)).status).toBe(400);
      expect(seenNatively).toEqual([]);
    },
  );

  it.each([
    ['invalid UTF-8', Buffer.from('{"title":"\xff"}', 'latin1')],
    ['a lone surrogate', '{"title":"\\udc00"}'],
    ['a byte-order mark', '\ufeff{"title":"x"}'],
    ['two documents', '{"title":"x"}{}'],
    ['no object', 'null'],
  ])('are refused with 400 as PHP would: %s', async (_title, body) => {
    expect((await send('POST', '/made', body)).status).toBe(400);
    expect(reached).toEqual([]);
  });

  it('come to a native handler as its DTO, converted as PHP converts them, without what is unknown', async () => {
    const body = 'lead_id=7&score=5&status=&notes=+a+&surprise=1&constructor=x';
    expect((await send('POST', '/lead', body, FORM)).status).toBe(200);
    expect(seenNatively).toEqual([{ lead_id: '7', score: 5, status: null, notes: 'a' }]);
  });

  it('come to a native handler without a DTO as PHP reads them, and without a prototype', async () => {
    await send('POST', '/native', 'a[b][]=1&a[b][]=2&c.d=3', FORM);
    await send('POST', '/native', '{"a":{"b":["1","2"]},"c_d":"3"}');
    const expected = { a: { b: ['1', '2'] }, c_d: '3' };
    expect(seenNatively.map((body) => JSON.parse(JSON.stringify(body)) as unknown)).toEqual([expected, expected]);
    for (const body of seenNatively) expect(Object.getPrototypeOf((body as { a: object }).a)).toBeNull();
  });

  it('are at most 1,000 in the query of a route, and as many as they are where everything passes', async () => {
    const query = (count: number): string => `?${'a=1&'.repeat(count)}`;
    expect((await send('GET', `/plain${query(1000)}`)).status).toBe(200);
    expect((await send('GET', `/plain${query(1001)}`)).status).toBe(400);
    expect((await send('GET', `/inbox${query(1001)}`)).status).toBe(400);
    expect((await send('GET', `/old/shop.php${query(1001)}`)).status).toBe(200);
    expect(reached).toHaveLength(2);
  });
});

it('a pass-through table leaves every field alone', async () => {
  const php = createServer((_req, res) => res.end('ok'));
  await new Promise<void>((done) => php.listen(0, '127.0.0.1', done));
  const target = `http://127.0.0.1:${(php.address() as AddressInfo).port}`;
  const gateway = await startTestGateway({ routes: catchAllTable("envelope: 'off'"), phpTargets: [target] });
  try {
    for (const body of ['a[__proto__][x]=1', `a${'[b]'.repeat(100)}=1`, 'a=1&'.repeat(5000), '{"__proto__":1']) {
      const answer = await call(gateway.url, '/x.php?__proto__[a]=1', {
        method: 'POST',
        headers: { 'Content-Type': FORM },
        body,
      });
      expect(answer.text).toBe('ok');
    }
  } finally {
    await gateway.stop();
    php.closeAllConnections();
    await new Promise((done) => php.close(done));
  }
});
