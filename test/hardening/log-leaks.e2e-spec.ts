import { spawn, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { findFreePort } from '../../src/forward/embedded/free-port.js';
import { findSystemPhp } from '../../src/forward/embedded/find-system-php.js';
import { PhpLogLines } from '../../src/forward/embedded/php-log-lines.js';
import { eventually } from '../support/eventually.js';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.js';
import { call, multipart } from '../support/http-call.js';
import { sendRaw } from '../support/raw-client.js';
import { IDENTITY_SECRET, JWT_SECRET } from '../support/test-gateway.js';

const PROJECT = resolve(import.meta.dirname, '../..');

/** Each is sent in every place of a request; none may be in a log, however it is spelt there. */
const PERSONAL = [
  'Mustermannsen',
  'Weißenburger',
  'Çiğdem Yılmazoğlu',
  'Иван Петровский',
  '王小明',
  'محمد العربي',
  'anna.schmidtke@mail.example',
  'o.brien+news@bücher.example',
  '+49 170 9876543',
  '(555) 123-9876',
  '4111 1111 1111 1111',
  'DE89370400440532013000',
  'hunter2-correct-horse',
  '203.0.113.77',
];

/** Every third value; all of them in three turns. */
function someOf(turn: number): string[] {
  return [0, 1, 2, 3].map((i) => PERSONAL[(turn + 3 * i) % PERSONAL.length] ?? '');
}

/** How a value may be spelt in a log. */
const SPELLINGS: readonly ((value: string) => string)[] = [
  (value) => value,
  (value) => encodeURIComponent(value),
  (value) => encodeURIComponent(value).replaceAll('%20', '+'),
  (value) => JSON.stringify(value).slice(1, -1),
  (value) => value.replace(/[^\0-\x7F]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  (value) => value.replace(/[^A-Za-z0-9 ]/g, (unit) => `&#${unit.codePointAt(0)};`),
  (value) => Buffer.from(value).toString('base64').replace(/=+$/, ''),
  (value) => Buffer.from(value, 'utf8').toString('latin1'),
  (value) => value.replace(/[ ().-]/g, ''),
];

/** The values, and words of them, that are in a text. */
function findLeaks(text: string): string[] {
  const where = text.toLowerCase();
  const words = PERSONAL.flatMap((value) => [value, ...value.split(/[ @]/)]).filter(
    (word) => word.length > 5 || /[^\0-\x7F]/.test(word),
  );
  return words.filter((word) => SPELLINGS.some((spell) => where.includes(spell(word).toLowerCase())));
}

/** Lines of a log that are JSON objects, and those that are not. */
function readLines(text: string): { lines: Record<string, unknown>[]; others: string[] } {
  const lines: Record<string, unknown>[] = [];
  const others: string[] = [];
  for (const line of text.split('\n').filter((one) => one !== '')) {
    try {
      lines.push(JSON.parse(line) as Record<string, unknown>);
    } catch {
      others.push(line);
    }
  }
  return { lines, others };
}

function accessToken(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'user_eve', roles: ['user', 'admin'], exp: now + 600 })}`;
  return `${head}.${createHmac('sha256', JWT_SECRET).update(head).digest('base64url')}`;
}

/** An upstream that quotes a request in whatever it answers. */
async function startQuotingUpstream(): Promise<Server> {
  const server = createServer((req, res) => {
    const said = `<b>Fatal error</b>: Uncaught Exception: no ${PERSONAL.join(', ')} for ${req.url} in /srv/x.php:3`;
    if (req.url?.includes('cut') === true) {
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '9999' });
      res.write(`{"name": "${said}`);
      setTimeout(() => res.destroy(), 20);
    } else if (req.url?.includes('json') === true)
      res.writeHead(200, { 'Content-Type': 'application/json' }).end(`${said}{"a":`);
    else if (req.url?.includes('head') === true) {
      req.socket.end(`HTTP/1.1 200 ${PERSONAL[0]}\r\nX-${PERSONAL[0]}: a\r\nBad header ${PERSONAL[0]}\r\n\r\n`);
    } else res.writeHead(500, { 'Content-Type': 'text/html' }).end(said);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('the log of a whole run', () => {
  let gateway: GatewayProcess;
  let upstream: Server;
  const asked: string[] = [];
  const token = accessToken();

  beforeAll(async () => {
    upstream = await startQuotingUpstream();
    const quoting = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    const routes = readFileSync(join(PROJECT, 'routes.yaml'), 'utf8')
      .replace(/limit: \d+/g, 'limit: 1000000')
      .replace(/^upstreams:\n/m, `upstreams:\n  quoting: { targets: ['${quoting}'] }\n`)
      .replace(
        /^routes:\n/m,
        `routes:\n  quoting:\n    match: { path: '/api/quoting/{*path}' }\n    upstream: quoting\n    policies: { authorization: public, envelope: splice }\n`,
      );
    gateway = await startGatewayProcess(routes, '', { LOG_LEVEL: 'trace', ENABLE_WS_PROXY: 'true' });
    await eventually(async () => (await call(gateway.url, '/readyz')).status === 200);
  }, 60_000);
  afterAll(async () => {
    await gateway.stop();
    upstream.close();
  });

  /** Sends a request that has a value in its query and in each header that clients fill. */
  async function ask(
    path: string,
    value: string,
    options: Parameters<typeof call>[2] = {},
    isSignedIn = true,
  ): Promise<number> {
    const traceId = `leak-test-${asked.length}-aaaa`;
    asked.push(traceId);
    const bytes = Buffer.from(value, 'utf8').toString('latin1');
    const { status } = await call(
      gateway.url,
      `${path}?q=${encodeURIComponent(value)}&${encodeURIComponent(value)}=1`,
      {
        ...options,
        headers: {
          'X-Trace-Id': traceId,
          'User-Agent': `Agent ${bytes}`,
          Referer: `http://x.example/?who=${encodeURIComponent(value)}`,
          Cookie: `DONNASESSID=${Buffer.from(value).toString('hex').slice(0, 40)}; who=${encodeURIComponent(value)}`,
          'X-Forwarded-For': '203.0.113.77',
          Authorization: isSignedIn ? `Bearer ${token}` : `Basic ${Buffer.from(value).toString('base64')}`,
          'Content-Type': 'application/json',
          ...options.headers,
        },
      },
    );
    return status;
  }

  it('has none of what its requests brought, in any byte, and each request by its trace id', async () => {
    const statuses = new Set<number>();
    const note = async (status: Promise<number>): Promise<void> => void statuses.add(await status);
    const table = readFileSync(join(PROJECT, 'routes.yaml'), 'utf8');
    const paths = [...new Set([...table.matchAll(/path: '?(\/[^,' }\s]+)/g)].map(([, path = '']) => path))]
      .filter(
        (path) => !path.includes('{') && !/\/(?:livez|readyz|metrics|recording|migrations|admin\/api\/live)/.test(path),
      )
      .concat([
        '/',
        '/login.php',
        '/receptionist.php',
        '/api/quoting/x',
        '/api/quoting/json',
        '/api/quoting/cut',
        '/api/quoting/head',
      ]);
    expect(paths.length).toBeGreaterThan(25);
    let turn = 0;
    for (const path of paths) {
      const value = PERSONAL[turn++ % PERSONAL.length] ?? '';
      const fields = { name: value, email: value, phone: value, to: value, subject: value, body: value, title: value };
      const body = JSON.stringify({
        ...fields,
        message: value,
        text: value,
        action: 'send',
        kind: value,
        type: value,
        password: value,
      });
      await note(ask(path, value));
      await note(ask(path, value, { method: 'POST', body }));
      await note(ask(path, value, { method: 'POST', body: `{"name": "${value}", ${value}` }));
      await note(ask(path, value, { method: 'POST', body }, false));
      await note(ask(`${path}/${encodeURIComponent(value)}`, value, { method: 'PUT', body }));
    }
    for (const value of PERSONAL) {
      const form = multipart(
        [['action', 'upload_audio']],
        [['audio', `${value}.wav`, 'audio/wav', Buffer.from(value)]],
      );
      await note(
        ask('/api/voice-chat.php', value, { method: 'POST', body: form.body, headers: { 'Content-Type': form.type } }),
      );
      await note(
        ask(
          '/api/auth/token',
          value,
          { method: 'POST', body: JSON.stringify({ email: value, password: value }) },
          false,
        ),
      );
      await note(
        ask('/api/donna_logic.php', value, {
          method: 'POST',
          body: JSON.stringify({ message: value, user_email: value }),
        }),
      );
      await note(
        ask('/csp-report', value, {
          method: 'POST',
          headers: { 'Content-Type': 'application/csp-report' },
          body: JSON.stringify({
            'csp-report': {
              'document-uri': `${gateway.url}/receptionist.php/${encodeURIComponent(value)}?q=${encodeURIComponent(value)}`,
              'blocked-uri': `https://cdn.example/${value}?${value}`,
              'effective-directive': 'script-src',
            },
          }),
        }),
      );
      await note(
        ask('/api/donna_logic.php', value, { method: 'POST', body: Buffer.from(`{"message":"${value}"}`, 'utf16le') }),
      );
      await note(
        ask('/api/marketing.php', value, {
          headers: { 'X-Large': Buffer.from(value).toString('latin1') + 'a'.repeat(20_000) },
        }),
      );
    }
    // PHP finds a document that it cannot read, and says so.
    writeFileSync(join(gateway.folder, '.data/php/mailbox.json'), `{"half": "${PERSONAL.join()}`);
    await note(ask('/api/marketing.php', 'Mustermannsen'));
    const port = Number(new URL(gateway.url).port);
    for (const value of PERSONAL.slice(0, 3)) {
      await sendRaw(port, `GET /${value} HTTP/1.1\r\nHost: x\r\nBad Header ${value}\r\n\r\n`, 100);
      await sendRaw(port, `${value} nonsense\r\n\r\n`, 100);
    }
    const socket = new WebSocket(
      `${gateway.url.replace('http', 'ws')}/realtime?who=${encodeURIComponent('Mustermannsen')}`,
    );
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'authenticate', token }));
    await once(socket, 'message');
    socket.send(JSON.stringify({ type: 'connect' }));
    for (const value of PERSONAL) {
      socket.send(
        JSON.stringify({
          type: 'conversation.item.create',
          item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: value }] },
        }),
      );
      socket.send(`{"type": "${value}", ${value}`);
    }
    socket.send(Buffer.from(PERSONAL.join()));
    socket.close();
    await once(socket, 'close');

    for (const wanted of [200, 400, 401, 404, 405, 422, 431, 502]) expect([...statuses]).toContain(wanted);
    const isTold = (traceId: string): boolean => gateway.output().includes(`"traceId":"${traceId}"`);
    // What is refused at the parser has no trace id of its own.
    const refused = PERSONAL.length;
    await eventually(() => asked.filter((traceId) => !isTold(traceId)).length <= refused);
    await eventually(() => gateway.output().includes('realtime session'));
    const { lines, others } = readLines(gateway.output());
    const leaky = gateway
      .output()
      .split('\n')
      .filter((line) => findLeaks(line).length > 0);
    expect(leaky).toEqual([]);
    expect(gateway.output()).not.toContain(token.slice(0, 30));
    expect(gateway.output()).not.toContain(token.split('.')[2]);
    // People are greeted at the start; from the first line of the log on, there is nothing else.
    expect(others.filter((line) => /^[{[]|[^\P{Cc}]/u.test(line))).toEqual([]);
    expect(others.length).toBeLessThan(40);
    for (const line of lines.filter(({ msg }) => msg === 'request')) {
      expect(line).toMatchObject({ level: expect.any(String), time: expect.any(String), traceId: expect.any(String) });
      if (line['status'] !== undefined) expect(line).toHaveProperty('ms');
      expect(line).toHaveProperty('route');
    }
    const ofPhp = lines.filter(({ service }) => service === 'donna-api');
    expect(ofPhp.length).toBeGreaterThan(0);
    for (const line of ofPhp)
      expect(line).toMatchObject({ traceId: expect.any(String), script: expect.stringMatching(/\.php$/) });
    // Every line that is written for a request says for which, and on which route.
    for (const line of lines.filter(({ traceId }) => traceId !== undefined))
      expect(line).toHaveProperty(line['service'] === 'donna-api' ? 'script' : 'route');
  }, 120_000);

  it('would be found out: whatever is planted is found, in each spelling', () => {
    for (const value of PERSONAL)
      for (const spell of SPELLINGS) expect(findLeaks(`{"msg":"a line with ${spell(value)}"}\n`)).not.toEqual([]);
  });
});

describe("PHP's own log", () => {
  let php: ChildProcess;
  let origin = '';
  let raw = '';
  let relayed = '';
  const folder = mkdtempSync(join(tmpdir(), 'donna-quoting-'));

  beforeAll(async () => {
    const found = await findSystemPhp();
    const port = await findFreePort();
    origin = `http://127.0.0.1:${port}`;
    mkdirSync(join(folder, 'logs'));
    const script = join(PROJECT, 'legacy-php/tests/support/quoting-api.php');
    php = spawn(found?.path ?? 'php', ['-c', join(PROJECT, 'legacy-php/php.ini'), '-S', `127.0.0.1:${port}`, script], {
      env: {
        NODE_ENV: 'test',
        DONNA_DATA_DIR: folder,
        GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET,
        DONNA_LOG_FILE: join(folder, 'logs/donna.log'),
        DONNA_LOG_MAX_BYTES: '65536',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const relay = new PhpLogLines((line) => (relayed += `${line}\n`));
    php.stderr?.setEncoding('utf8').on('data', (text: string) => {
      raw += text;
      relay.write(text);
    });
    await eventually(() =>
      fetch(origin).then(
        () => true,
        () => false,
      ),
    );
  }, 30_000);
  afterAll(() => {
    php.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  const FAULTS = ['exception', 'previous', 'warning', 'fatal', 'file', 'key', 'function', 'argument', 'memory'];

  it('tells each fault by class and place, and quotes nothing of the request', async () => {
    for (const [turn, how] of FAULTS.entries())
      for (const who of someOf(turn)) {
        const { status } = await call(origin, `/?how=${how}&who=${encodeURIComponent(who)}`);
        expect([how, status]).toEqual([how, 500]);
      }
    const log = readFileSync(join(folder, 'logs/donna.log'), 'utf8');
    const errors = readFileSync(join(folder, 'logs/donna.error.log'), 'utf8');
    // `php -S` writes addresses and queries by itself; the relay leaves those lines out.
    const beside = raw
      .split('\n')
      .filter((line) => !/ (?:Accepted|Closing)$|: (?:GET|POST) \/| Development Server /.test(line));
    expect(beside.filter((line) => !/\[\d{3}\]: GET/.test(line) && line !== '')).toEqual([]);
    expect(findLeaks(log + errors + relayed)).toEqual([]);
    const { lines, others } = readLines(log);
    expect(others).toEqual([]);
    expect(readLines(errors).lines.map(({ traceId }) => traceId)).toEqual(
      lines.filter(({ level }) => level === 'error').map(({ traceId }) => traceId),
    );
    expect(lines).toHaveLength(FAULTS.length * someOf(0).length);
    for (const line of lines) {
      expect(Object.keys(line).slice(0, 4)).toEqual(['level', 'time', 'service', 'traceId']);
      expect(line).toMatchObject({
        msg: 'request.failed',
        errorCode: 'INTERNAL',
        at: expect.stringMatching(/\.php:\d+$/),
      });
    }
    expect(log).toContain('Undefined array key');
  }, 60_000);

  it('is cleaned on its way where PHP writes it itself', async () => {
    for (const [turn, how] of [...FAULTS, 'log'].entries())
      for (const who of someOf(turn)) await call(origin, `/?plain=1&how=${how}&who=${encodeURIComponent(who)}`);
    await eventually(() => relayed.includes('Uncaught RuntimeException') && relayed.includes('Allowed memory size'));
    // It is PHP's own habit to quote: the relay is what keeps it out of the log.
    expect(findLeaks(raw)).not.toEqual([]);
    expect(findLeaks(relayed)).toEqual([]);
    expect(relayed).toMatch(/PHP Fatal error: Uncaught LogicException: \[\d+ characters\] in \/.*quoting-api\.php:\d+/);
    expect(relayed).not.toContain('?how=');
  }, 60_000);

  it('has files of its own that are put aside by size, and that nobody else may read', async () => {
    writeFileSync(join(folder, 'logs/donna.log'), `${'x'.repeat(65_530)}\n`);
    await Promise.all(Array.from({ length: 40 }, () => call(origin, '/?how=exception&who=x')));
    const ended = readdirSync(join(folder, 'logs')).filter((name) => name.startsWith('donna.log.'));
    expect(ended).toHaveLength(1);
    expect(readLines(readFileSync(join(folder, 'logs/donna.log'), 'utf8')).lines).toHaveLength(40);
  }, 30_000);
});
