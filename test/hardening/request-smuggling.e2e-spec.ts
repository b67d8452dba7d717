import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { askRaw, parseAnswer, sendRaw } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { FORWARDERS, twoForwarders } from '../support/two-forwarders.js';

const SMUGGLED = 'GET /json/smuggled HTTP/1.1\r\nHost: h\r\n\r\n';
const MARK = 'secret-mark-4711';

describe('requests that two servers could read differently', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;

  beforeAll(async () => {
    upstream = await startRawUpstream((socket, request, count) => {
      const path = /^\S+ (\S+)/.exec(request)?.[1] ?? '';
      setTimeout(
        () => socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, `{"path":"${path}","n":${count}}`)),
        path.includes('slow') ? 150 : 0,
      );
    });
    gateway = await startTestGateway({ phpTargets: [upstream.origin], routes: twoForwarders() });
  });
  beforeEach(() => {
    upstream.requests.length = 0;
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });

  const body = `0\r\n\r\n${SMUGGLED}`;
  const post = (fields: string, rest: string, version = '1.1'): string =>
    `POST PATH HTTP/${version}\r\nHost: h\r\nX-Mark: ${MARK}\r\n${fields}\r\n\r\n${rest}`;
  const FRAMINGS: readonly (readonly [string, string])[] = [
    ['Content-Length beside Transfer-Encoding', post(`Content-Length: 5\r\nTransfer-Encoding: chunked`, body)],
    ['Transfer-Encoding beside Content-Length', post(`Transfer-Encoding: chunked\r\nContent-Length: 5`, body)],
    ['two equal Content-Lengths', post('Content-Length: 0\r\nContent-Length: 0', SMUGGLED)],
    ['two different Content-Lengths', post(`Content-Length: 0\r\nContent-Length: 44`, SMUGGLED)],
    ['a signed Content-Length', post('Content-Length: +0', SMUGGLED)],
    ['a list of Content-Lengths', post('Content-Length: 0,0', SMUGGLED)],
    ['a hexadecimal Content-Length', post('Content-Length: 0x0', SMUGGLED)],
    ['a Content-Length with a blank inside', post('Content-Length: 0 0', SMUGGLED)],
    ['a Content-Length beyond 64 bits', post('Content-Length: 18446744073709551616', SMUGGLED)],
    ['a negative Content-Length', post('Content-Length: -1', SMUGGLED)],
    ['chunked, identity', post('Transfer-Encoding: chunked, identity', body)],
    ['identity, chunked', post('Transfer-Encoding: identity, chunked', body)],
    ['gzip, chunked', post('Transfer-Encoding: gzip, chunked', body)],
    ['xchunked', post('Transfer-Encoding: xchunked', body)],
    ['chunked twice in one line', post('Transfer-Encoding: chunked, chunked', body)],
    ['chunked twice in two lines', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', body)],
    ['quoted chunked', post('Transfer-Encoding: "chunked"', body)],
    ['an empty Transfer-Encoding', post('Transfer-Encoding: ', SMUGGLED)],
    ['a vertical tab before chunked', post('Transfer-Encoding: \x0bchunked', body)],
    ['Transfer-Encoding in HTTP/1.0', post('Transfer-Encoding: chunked', body, '1.0')],
    ['a folded Transfer-Encoding', post('Transfer-Encoding:\r\n chunked', body)],
    ['a folded header', post('X-Folded: a\r\n b', SMUGGLED)],
    ['a line that begins with a blank', post(' Content-Length: 44', SMUGGLED)],
    ['a blank before the colon', post('Content-Length : 44', SMUGGLED)],
    ['a tab before the colon', post('Transfer-Encoding\t: chunked', body)],
    ['a line without a colon', post('Content-Length 44', SMUGGLED)],
    ['a bare line feed', post('X-A: b\nContent-Length: 44', SMUGGLED)],
    ['a bare carriage return', post('X-A: b\rContent-Length: 44', SMUGGLED)],
    ['NUL in a value', post('X-A: b\0c', SMUGGLED)],
    ['NUL in a name', post('X\0A: b', SMUGGLED)],
    ['two Hosts', post('Host: other', SMUGGLED)],
    ['two Content-Types', post('Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 0', SMUGGLED)],
    ['two Authorizations', post('Authorization: Bearer a\r\nAuthorization: Bearer b', SMUGGLED)],
    ['a malformed Host', post('', SMUGGLED).replace('Host: h', 'Host: a b')],
    [
      'a malformed Host beside an absolute target',
      post('', SMUGGLED).replace('PATH', 'http://hPATH').replace('Host: h', 'Host: a@b'),
    ],
    ['HTTP/2.0', post('', SMUGGLED, '2.0')],
    ['a fragment', post('', SMUGGLED).replace('PATH', 'PATH?a#b')],
    ['a blank in the target', post('', SMUGGLED).replace('PATH', 'PATH x')],
  ];

  it.each(FORWARDERS.flatMap(([name, path]) => FRAMINGS.map(([title, text]) => [name, title, path, text] as const)))(
    'over %s: refuses %s, closes, and lets nothing behind it through',
    async (_name, _title, path, text) => {
      const received = await sendRaw(gateway.port, text.replace('PATH', path), 150);
      const answer = parseAnswer(received);
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.body)).toMatchObject({ success: false, errorCode: 'BAD_REQUEST' });
      expect(answer.headers['x-trace-id']).toMatch(/^[0-9a-f]{32}$/);
      expect(answer.headers['connection']).toBe('close');
      expect(received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
      expect(received).not.toContain(MARK);
      expect(upstream.requests).toEqual([]);
    },
  );

  const chunked = (rest: string): string => post('Transfer-Encoding: chunked', rest);
  it.each(
    FORWARDERS.flatMap(([name, path]) =>
      [
        ['a size that is no number', 'xyz\r\n'],
        ['a negative size', '-1\r\n'],
        ['a size with 0x', '0x5\r\nhello\r\n0\r\n\r\n'],
        ['a size beyond 64 bits', 'ffffffffffffffffff\r\n'],
        ['data longer than its size', `3\r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
        ['a bare line feed after the size', `5\nhello\r\n0\r\n\r\n${SMUGGLED}`],
        ['a bare line feed after the data', `5\r\nhello\n0\r\n\r\n${SMUGGLED}`],
        ['a line feed in an extension', `5;a\nb\r\nhello\r\n0\r\n\r\n${SMUGGLED}`],
        ['NUL in a trailer', `0\r\nX-T: a\0b\r\n\r\n${SMUGGLED}`],
      ].map(([title, rest]) => [name, title, path, rest] as const),
    ),
  )('over %s: refuses chunks with %s and never ends that body upstream', async (_name, _title, path, rest = '') => {
    const received = await sendRaw(gateway.port, chunked(rest).replace('PATH', path), 150);
    expect(parseAnswer(received)).toMatchObject({ status: 400, headers: { connection: 'close' } });
    expect(received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    // The raw upstream lists a request only when its body has its end.
    expect(upstream.requests).toEqual([]);
  });

  it.each(FORWARDERS)(
    'over %s: takes chunk extensions, trailers and any case of chunked, passes on none',
    async (_n, path) => {
      const text = post(
        'Transfer-Encoding: CHUNKED\r\nTrailer: X-T',
        '5;ext="a;b"\r\nhello\r\n0\r\nX-T: forged\r\n\r\n',
      );
      expect((await askRaw(gateway.port, text.replace('PATH', path), 150)).status).toBe(200);
      expect(upstream.requests).toHaveLength(1);
      const [sent = ''] = upstream.requests;
      expect(sent).toContain('hello');
      expect(sent).not.toMatch(/ext=|x-t: forged|trailer/i);
    },
  );

  it('bounds chunk extensions', async () => {
    const text = chunked(`5;${'e'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`).replace('PATH', '/json/x');
    expect([400, 413]).toContain((await askRaw(gateway.port, text, 150)).status);
    expect(upstream.requests).toEqual([]);
  });

  it('answers two pipelined requests in their order, though the first takes longer', async () => {
    const text = ['/json/slow', '/page/quick'].map((path) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`).join('');
    const received = await sendRaw(gateway.port, text, 400);
    expect(received.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(received.indexOf('/json/slow')).toBeGreaterThan(0);
    expect(received.indexOf('/json/slow')).toBeLessThan(received.indexOf('/page/quick'));
  });

  it('lets an answer under way go out whole before it refuses what follows it', async () => {
    const received = await sendRaw(gateway.port, 'GET /json/slow HTTP/1.1\r\nHost: h\r\n\r\nNOT HTTP\r\n\r\n', 400);
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(parseAnswer(received).body).toContain('/json/slow');
  });

  it('ignores what follows a request that said Connection: close', async () => {
    const received = await sendRaw(
      gateway.port,
      `GET /json/slow HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n${SMUGGLED}`,
      400,
    );
    expect(parseAnswer(received)).toMatchObject({ status: 200 });
    expect(received).not.toContain('smuggled');
    expect(upstream.requests).toHaveLength(1);
  });

  it.each(FORWARDERS)(
    'over %s: cuts the connection when a body breaks after its answer has begun',
    async (_n, path) => {
      const open = new Set<Socket>();
      const early = createServer((socket) => {
        open.add(socket.on('error', () => undefined));
        // Answers at once and in part, without waiting for the body.
        socket.once('data', () =>
          socket.write('HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 9\r\n\r\nbegun'),
        );
      });
      await new Promise<void>((resolve) => early.listen(0, '127.0.0.1', resolve));
      const { port } = early.address() as AddressInfo;
      const other = await startTestGateway({ phpTargets: [`http://127.0.0.1:${port}`], routes: twoForwarders() });
      const received = await sendRaw(
        other.port,
        [chunked('5\r\nhello\r\n').replace('PATH', path), { onceHeard: 'begun', send: 'xyz\r\n' }],
        300,
      );
      await other.stop(0);
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => early.close(resolve));
      expect(received).toContain('begun');
      expect(received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    },
  );
});

describe('heads beyond their bounds', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  beforeAll(async () => {
    upstream = await startRawUpstream((socket) => socket.write(httpAnswer(200, {}, 'ok')));
    gateway = await startTestGateway({ phpTargets: [upstream.origin], routes: twoForwarders() });
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });
  const get = (target: string, fields = 'Host: h'): string => `GET ${target} HTTP/1.1\r\n${fields}\r\n\r\n`;
  const many = (count: number): string => Array.from({ length: count }, (_, i) => `X-H${i}: v`).join('\r\n');

  it.each([
    ['URL of 8,193 bytes', get(`/page/${'u'.repeat(8187)}`), 414, 'URI_TOO_LONG'],
    ['URL of 40 KB', get(`/page/${'u'.repeat(40_000)}`), 414, 'URI_TOO_LONG'],
    ['URL of 300 KB, beyond the parser’s own bound', get(`/page/${'u'.repeat(300_000)}`), 414, 'URI_TOO_LONG'],
    ['one header of 17 KB', get('/page/x', `Host: h\r\nX-Big: ${'v'.repeat(17_000)}`), 431, 'HEADERS_TOO_LARGE'],
    ['one header of 63 KB', get('/page/x', `Host: h\r\nX-Big: ${'v'.repeat(63_000)}`), 431, 'HEADERS_TOO_LARGE'],
    [
      'many headers of 300 KB',
      get('/page/x', `Host: h\r\n${`X-Big: ${'v'.repeat(500)}\r\n`.repeat(600)}X: y`),
      431,
      'HEADERS_TOO_LARGE',
    ],
    ['101 headers', get('/page/x', `Host: h\r\n${many(100)}`), 431, 'HEADERS_TOO_LARGE'],
    ['1,500 headers', get('/page/x', `Host: h\r\n${many(1500)}`), 431, 'HEADERS_TOO_LARGE'],
    ['no Host', get('/page/x', 'X: y'), 400, 'BAD_REQUEST'],
    ['an empty Host', get('/page/x', 'Host: '), 400, 'BAD_REQUEST'],
    ['Host a@b', get('/page/x', 'Host: a@b'), 400, 'BAD_REQUEST'],
    ['Host a/b', get('/page/x', 'Host: a/b'), 400, 'BAD_REQUEST'],
    ['Host a,b', get('/page/x', 'Host: a,b'), 400, 'BAD_REQUEST'],
    ['Host with port 65536', get('/page/x', 'Host: a:65536'), 400, 'BAD_REQUEST'],
    ['Host with a path by backslash', get('/page/x', 'Host: a\\b'), 400, 'BAD_REQUEST'],
    ['HTTP/3.0', 'GET /page/x HTTP/3.0\r\nHost: h\r\n\r\n', 400, 'BAD_REQUEST'],
    ['HTTP/0.9', 'GET /page/x\r\n\r\n', 400, 'BAD_REQUEST'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'BAD_REQUEST'],
    ['an unknown method', 'BREW /page/x HTTP/1.1\r\nHost: h\r\n\r\n', 400, 'BAD_REQUEST'],
    ['a known method that nobody takes', 'PROPFIND /page/x HTTP/1.1\r\nHost: h\r\n\r\n', 405, 'METHOD_NOT_ALLOWED'],
    ['TRACE', 'TRACE /page/x HTTP/1.1\r\nHost: h\r\n\r\n', 405, 'METHOD_NOT_ALLOWED'],
    ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n', 405, 'METHOD_NOT_ALLOWED'],
    ['* with GET', get('*'), 400, 'BAD_REQUEST'],
    ['an ftp target', get('ftp://h/page/x'), 400, 'BAD_REQUEST'],
    ['a target with a user', get('http://u@h/page/x'), 400, 'BAD_REQUEST'],
    ['TLS bytes', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, 'BAD_REQUEST'],
  ])('refuses %s in the envelope, and closes', async (_title, text, status, errorCode) => {
    const answer = await askRaw(gateway.port, text, 200);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ success: false, errorCode, traceId: answer.headers['x-trace-id'] });
    expect(answer.headers['connection']).toBe('close');
    expect(answer.raw).not.toMatch(/uuuu|vvvv|example\.com|BREW|propfind/i);
    expect(upstream.requests).toEqual([]);
  });

  it('passes 99 headers and a URL of 8,192 bytes on, none lost', async () => {
    const text = get(`/page/${'u'.repeat(8186)}`, `Host: h\r\n${many(99)}`);
    expect((await askRaw(gateway.port, text, 200)).status).toBe(200);
    const sent = upstream.requests.pop() ?? '';
    expect(sent.match(/^x-h\d+: v\r$/gim)).toHaveLength(99);
  });

  it('lets the authority of an absolute target win over Host', async () => {
    expect((await askRaw(gateway.port, get('http://public.example:8080/page/x?a=1', 'Host: forged'), 200)).status).toBe(
      200,
    );
    const sent = upstream.requests.pop() ?? '';
    expect(sent).toMatch(/^GET \/page\/x\?a=1 HTTP/);
    expect(sent).toMatch(/^host: public\.example:8080\r$/im);
    expect(sent).toMatch(/^x-forwarded-host: public\.example:8080\r$/im);
    expect(sent).not.toContain('forged');
  });

  it('answers OPTIONS * itself', async () => {
    const answer = await askRaw(gateway.port, 'OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n', 200);
    expect([204, 404]).toContain(answer.status);
    expect(answer.headers['x-trace-id']).toBeDefined();
    expect(upstream.requests).toEqual([]);
  });

  it('does not hold a client that tears its connection down in the middle of a head', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(gateway.port, '127.0.0.1', () =>
        socket.write('GET /page/x HT', () => socket.resetAndDestroy()),
      );
      socket.on('close', () => resolve()).on('error', () => undefined);
    });
    expect((await askRaw(gateway.port, get('/page/x'), 200)).status).toBe(200);
    upstream.requests.length = 0;
  });
});
