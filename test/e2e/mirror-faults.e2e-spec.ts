import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Module, Req, Res } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { NativeHandler } from '../../src/routing/index.js';
import { eventually } from '../support/eventually.js';
import { ALIKE, explain, type Explained, experimentTable } from '../support/experiment-site.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { hear } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { bearer } from '../support/staged-site.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** The bytes of PHP's answer, and what the native handler writes; a test changes them. */
const site = {
  php: (socket: Socket, _head: string): void => void socket.write(json(ALIKE)),
  does: (_req: IncomingMessage, res: ServerResponse): void => void res.end(),
};
const json = (body: string, headers: Record<string, string> = {}): string =>
  httpAnswer(200, { 'Content-Type': 'application/json', ...headers }, body);

@Controller()
class RawCandidate {
  @NativeHandler('test.experiment')
  answer(@Req() req: IncomingMessage, @Res() res: ServerResponse): void {
    site.does(req, res);
  }
}

@Module({ controllers: [RawCandidate] })
class RawCandidateModule {}

let php: RawUpstream;
beforeAll(async () => {
  php = await startRawUpstream((socket, head) => site.php(socket, head));
});
afterAll(() => php.stop());

const gateways: TestGateway[] = [];
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop(10);
});

async function start(experiment = '', policies = 'timeoutMs: 5000'): Promise<TestGateway> {
  const ignore = `ignore: [{ pointer: 'header:cache-control', reason: 'not asked here', until: 2999-01-01 }]`;
  const made = await startTestGateway({
    routes: experimentTable('stage: mirror', `${ignore}, ${experiment}`, policies),
    phpTargets: [php.origin],
    features: [RawCandidateModule],
  });
  gateways.push(made);
  return made;
}

const ask = (gateway: TestGateway, query = '', method = 'GET'): Promise<CallAnswer> =>
  call(gateway.url, `/api/read.php${query}`, { method, headers: bearer('eve') });

async function explained(gateway: TestGateway, isSo: (found: Explained) => boolean): Promise<Explained> {
  let found = await explain(gateway);
  await eventually(async () => isSo((found = await explain(gateway))));
  return found;
}

const all = ({ mirror: { classes } }: Explained): number => Object.values(classes).reduce((sum, n) => sum + n, 0);

describe('a candidate that drips its answer', () => {
  it('is given up at its timeout, learns of it, and frees its place when it stops', async () => {
    site.php = (socket) => void socket.write(json(ALIKE));
    let stopped = 0;
    site.does = (_req, res) => {
      res.setHeader('Content-Type', 'application/json');
      const drip = setInterval(() => res.write(' '), 5).unref();
      res.once('close', () => {
        clearInterval(drip);
        stopped += 1;
        res.end();
      });
    };
    const gateway = await start('timeoutMs: 100');
    for (let i = 0; i < 6; i++) expect((await ask(gateway)).json()).toMatchObject({ from: 'php' });
    const found = await explained(gateway, (now) => all(now) + now.mirror.skipped === 6 && stopped === all(now));
    expect(found.mirror.classes['candidate-error']).toBe(all(found));
    expect(found.mirror.samples[0]?.observation.reason).toBe('timeout: no answer within 100 ms');
    // The places are free: the next ones are asked.
    site.does = (_req, res) => void res.setHeader('Content-Type', 'application/json').end(ALIKE);
    await ask(gateway);
    await explained(gateway, ({ mirror: { classes } }) => (classes['match'] ?? 0) + (classes['ignored'] ?? 0) === 1);
  });

  it('counts for what it says, when its last byte comes in time', async () => {
    site.does = (_req, res) => {
      res.setHeader('Content-Type', 'application/json');
      const pieces = ALIKE.match(/.{1,8}/g) ?? [];
      const drip = (): void => {
        const piece = pieces.shift();
        if (piece === undefined) return void res.end();
        res.write(piece);
        setTimeout(drip, 1);
      };
      drip();
    };
    const gateway = await start('timeoutMs: 60000');
    await ask(gateway);
    const { mirror } = await explained(gateway, (now) => all(now) === 1);
    expect(mirror.classes).toMatchObject({ mismatch: 0, 'candidate-error': 0 });
  });
});

describe('PHP that streams without an end', () => {
  it('holds no place of the mirror for as long as its clients listen', async () => {
    const open: Socket[] = [];
    site.php = (socket, head) => {
      if (!head.includes('stream')) return void socket.write(json(ALIKE));
      open.push(socket);
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndata:\r\n',
      );
    };
    site.does = (_req, res) => void res.setHeader('Content-Type', 'application/json').end(ALIKE);
    const gateway = await start('timeoutMs: 50', 'timeoutMs: 1000');
    const gone = new AbortController();
    // As many as there are places in a process, four at a time, which is what one route may have.
    const listeners = Array.from({ length: 16 }, () =>
      hear(gateway.port, '/api/read.php?stream', { headers: bearer('eve'), signal: gone.signal }),
    );
    try {
      await eventually(() => open.length === 16);
      await eventually(async () => {
        await ask(gateway);
        return all(await explain(gateway)) > 0;
      });
      expect(open.every((socket) => !socket.destroyed)).toBe(true);
    } finally {
      gone.abort();
      await Promise.all(listeners);
    }
  });
});

describe('answers of every kind, in a whole gateway', () => {
  const alike = (type: string, body: Buffer | string, status = 200, headers: Record<string, string> = {}) => ({
    php: (socket: Socket, head: string): void => {
      const bytes = Buffer.from(body);
      const text = httpAnswer(status, { 'Content-Type': type, 'Content-Length': String(bytes.length), ...headers }, '');
      socket.write(text);
      if (!head.startsWith('HEAD ')) socket.write(bytes);
    },
    does: (_req: IncomingMessage, res: ServerResponse): void => {
      res.statusCode = status;
      res.setHeader('Content-Type', type);
      for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
      res.end(Buffer.from(body));
    },
  });
  const broken = Buffer.concat([Buffer.from('{"success":true,"a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);

  it.each<[string, string, ReturnType<typeof alike>, string]>([
    ['a page', 'GET', alike('text/html; charset=utf-8', '<p>hello</p>'), 'match'],
    ['HEAD', 'HEAD', alike('application/json', ALIKE), 'match'],
    [
      '204, beside which a handler writes',
      'GET',
      { ...alike('text/plain', '', 204), does: alike('text/plain', 'nothing', 204).does },
      'match',
    ],
    ['a byte-order mark before it', 'GET', alike('application/json', `\ufeff${ALIKE}`), 'match'],
    ['NaN, which is no JSON', 'GET', alike('text/plain', '{"a":NaN}'), 'match'],
    [
      'big integers and 1.0',
      'GET',
      alike('application/json', '{"success":true,"a":90071992547409931234,"b":1.0}'),
      'match',
    ],
    [
      '__proto__ and constructor',
      'GET',
      alike('application/json', '{"success":true,"__proto__":{"a":1},"constructor":null}'),
      'match',
    ],
    [
      'a redirect with a cookie',
      'GET',
      alike('text/html', '', 302, { Location: '/login.php', 'Set-Cookie': 'a=1; Path=/; HttpOnly' }),
      'match',
    ],
    [
      'a body that the gateway does not unpack',
      'GET',
      alike('text/plain', gzipSync('hello'), 200, { 'Content-Encoding': 'gzip' }),
      'not-comparable',
    ],
  ])('takes %s for what it is (%s)', async (_name, method, sides, expected) => {
    Object.assign(site, sides);
    const gateway = await start();
    const answer = await ask(gateway, '', method);
    expect(answer.status).toBeLessThan(400);
    const { mirror } = await explained(gateway, (now) => all(now) === 1);
    expect({ ...mirror.classes, differs: mirror.fields.map(({ field }) => field) }).toMatchObject({
      [expected]: 1,
      differs: [],
    });
  });

  it('tells broken UTF-8 from what it is mended to', async () => {
    Object.assign(site, alike('audio/mpeg', broken));
    site.does = (_req, res) => void res.setHeader('Content-Type', 'audio/mpeg').end(broken.toString('utf8'));
    const gateway = await start();
    expect((await ask(gateway)).body).toEqual(broken);
    const { mirror } = await explained(gateway, (now) => all(now) === 1);
    expect(mirror.classes['mismatch']).toBe(1);
  });
});

describe('a sample', () => {
  it('holds a request that can be sent again, and finds the same difference again', async () => {
    site.php = (socket) =>
      void socket.write(json('{"success":true,"items":[{"id":1,"total":10},{"id":2,"total":20}]}'));
    site.does = ({ url = '' }, res) => {
      const isWrong = url.includes('page=');
      res.setHeader('Content-Type', 'application/json');
      res.end(`{"success":true,"items":[{"id":2,"total":${isWrong ? 21 : 20}},{"id":1,"total":10}]}`);
    };
    const gateway = await start('keyed: { /items: id }');
    for (let page = 0; page < 6; page++) {
      await ask(gateway, page === 3 ? '?page=3&who=alice@example.com' : '');
      await explained(gateway, (now) => all(now) === page + 1);
    }
    const { mirror } = await explain(gateway);
    expect(mirror.classes).toMatchObject({ mismatch: 1 });
    const [sample] = mirror.samples.filter(({ observation }) => observation.class === 'mismatch');
    expect(sample?.observation.differences).toContainEqual(expect.objectContaining({ field: '/items/*/total' }));
    expect(JSON.stringify(mirror)).not.toContain('alice');
    const target = sample?.request?.target ?? '';
    expect(target).toMatch(/[?&]page=\d/);
    await call(gateway.url, target, { headers: bearer('operator') });
    const again = await explained(gateway, ({ mirror: { classes } }) => classes['mismatch'] === 2);
    expect(again.mirror.fields).toEqual([expect.objectContaining({ field: '/items/*/total', observations: 2 })]);
  });
});

describe('a caller’s write while a read is compared', () => {
  it.each([
    ['eve', 'the same caller', 'not-comparable', 'raced'],
    ['bob', 'somebody else', 'mismatch', undefined],
  ])('by %s, %s, makes a difference %s', async (writer, _who, kind, reason) => {
    const waiting: Socket[] = [];
    let hasWritten = false;
    // PHP reads after the write, the candidate says what was before.
    site.php = (socket, head) => {
      if (head.startsWith('POST')) hasWritten = true;
      else if (!hasWritten) return void waiting.push(socket);
      socket.write(json('{"success":true,"data":{"n":2}}'));
    };
    site.does = (_req, res) =>
      void res.setHeader('Content-Type', 'application/json').end('{"success":true,"data":{"n":1}}');
    const gateway = await start();
    const read = ask(gateway);
    await eventually(() => waiting.length === 1);
    await call(gateway.url, '/api/read.php', { method: 'POST', headers: bearer(writer) });
    for (const socket of waiting) socket.write(json('{"success":true,"data":{"n":2}}'));
    await read;
    const { mirror } = await explained(gateway, (now) => all(now) === 1);
    expect(mirror.classes[kind]).toBe(1);
    if (reason === undefined) expect(mirror.samples[0]?.observation.class).toBe(kind);
  });
});
