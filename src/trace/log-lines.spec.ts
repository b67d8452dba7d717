import { AsyncResource } from 'node:async_hooks';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  closeSync,
  constants,
  linkSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../test/support/eventually.js';
import { compileSources } from '../../test/support/gateway-process.js';
import { classAndPlace, Pseudonyms } from '../privacy/index.js';
import { Exchange } from './exchange.js';
import { LogFileError, LogFiles } from './log-files.js';
import { createLogger, writeKnownSafe } from './logger.js';
import { requestHere, serving } from './request-under-way.js';
import { RotatingFile } from './rotating-file.js';
import { StandardOutput } from './standard-output.js';
import { traceFrom } from './trace-context.js';

type Line = Record<string, unknown>;

function collecting(): { lines: () => Line[]; text: () => string; logger: ReturnType<typeof createLogger> } {
  let text = '';
  const logger = createLogger({
    level: 'info',
    pseudonyms: Pseudonyms.from('a secret of at least thirty-two bytes'),
    destination: { write: (line: string) => void (text += line) },
  });
  return {
    logger,
    text: () => text,
    lines: () =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line),
  };
}

describe('the logger', () => {
  it('cleans fields, texts, what is put into texts, errors and children, whatever is passed', () => {
    const { logger, text, lines } = collecting();
    const cause = new Error('for anna@post.example', {
      cause: new TypeError("cannot read 'erika' of anna@post.example"),
    });
    logger.info({ email: 'anna@post.example' }, 'mail for anna@post.example and %s', 'anna@post.example');
    logger.info('mail for %s by %j', 'anna@post.example', { email: 'anna@post.example' });
    logger.error(cause);
    logger.error({ err: cause, fault: cause }, 'failed');
    logger.child({ email: 'anna@post.example' }).child({ phone: '+49 170 1234567' }).warn('a child');
    const circular: Record<string, unknown> = { name: 'anna' };
    circular['self'] = circular;
    logger.info(circular);
    logger.info(new Map([['email', 'anna@post.example']]), 'a map');
    logger.info({ get broken(): string { throw new Error('anna'); } }, 'a getter'); // prettier-ignore
    logger.info(new Proxy({}, { ownKeys: () => { throw new Error('anna'); } }), 'a proxy'); // prettier-ignore
    logger.info({ toJSON: () => 'anna@post.example', bytes: Buffer.from('anna'), url: new URL('http://x/?anna') });
    logger.info(null, 'for anna@post.example');
    logger.info(undefined as unknown as string);
    expect(text()).not.toMatch(/anna|erika|1234567/i);
    expect(lines()[2]).toMatchObject({
      level: 'error',
      err: { type: 'Error', message: '[21 characters]', cause: { type: 'TypeError' } },
    });
    const { email } = lines()[0] ?? {};
    expect(email).toMatch(/^h:[a-p]{16}$/);
    expect(lines()[0]?.['msg']).toBe(`mail for ${String(email)} and ${String(email)}`);
  });

  it('tells of an error where it was thrown, and nothing that its message pretends to be that', () => {
    const { logger, text, lines } = collecting();
    const error = new Error('no such name:\n    at Anna Schmidt (Main Street 1)\n    at /srv/anna.js:1:1\n\nanna said');
    logger.error({ err: error, fault: classAndPlace(error), thrown: classAndPlace('anna') }, 'failed');
    expect(text()).not.toMatch(/anna|schmidt|street/i);
    expect(lines()).toMatchObject([
      { fault: expect.stringMatching(/^Error \| at .*log-lines\.spec\.ts/), thrown: 'string' },
    ]);
  });

  it('writes one line a call, whatever control characters, separators or halves of characters it is given', () => {
    const { logger, text, lines } = collecting();
    const hostile = 'a\r\n{"level":"fatal"}\u2028b\u2029\u0000\u001b[2J\u009b31m\ud800x\udc00\u202e';
    logger.info({ [hostile]: hostile, fault: hostile }, hostile);
    logger.info(
      { fault: 'long '.repeat(1_000_000), list: Array.from({ length: 10_000 }, () => hostile) },
      hostile.repeat(1000),
    );
    expect(lines()).toHaveLength(2);
    expect(text()).not.toMatch(/[^\P{Cc}\n]|[\u2028\u2029\u202e\ud800-\udfff]|\\u00|\\ud8|\\r/u);
    expect(text().length).toBeLessThan(60_000);
  });

  it('keeps what it is told that this program made by itself', () => {
    const { logger, lines } = collecting();
    writeKnownSafe(
      logger,
      'info',
      { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', route: 'donna.chat', ms: 1.5 },
      'request',
    );
    logger.info({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', route: 'donna.chat', by: 'user_eve' }, 'stage changed');
    for (const line of lines())
      expect(line).toMatchObject({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', route: 'donna.chat' });
    expect(lines()[1]).toMatchObject({ by: 'user_eve', msg: 'stage changed' });
  });
});

describe('the request under way', () => {
  /** Serves a request that opens a connection, as to PHP, which stays open; what that connection sees later. */
  function serveOne(): { ref: WeakRef<Exchange>; lines: Line[]; later: () => Exchange | undefined; close: () => void } {
    const { logger, lines } = collecting();
    const req = new IncomingMessage(new Socket());
    const exchange = new Exchange(req, new ServerResponse(req), traceFrom(undefined, undefined));
    exchange.body = Buffer.alloc(1024);
    let later: () => Exchange | undefined = () => undefined;
    serving(exchange, () => {
      logger.info('during');
      later = AsyncResource.bind(requestHere);
    });
    const { res } = exchange;
    return { ref: new WeakRef(exchange), lines: lines(), later, close: () => res.emit('close') };
  }

  it('is told in its lines, and neither told nor held by the connections that it has opened', async () => {
    const served = serveOne();
    expect(served.lines).toMatchObject([{ msg: 'during', traceId: served.ref.deref()?.traceId, route: null }]);
    expect(served.later()).toBe(served.ref.deref());
    served.close();
    expect(served.later()).toBeUndefined();
    served.close = () => false;
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    for (let i = 0; i < 10 && served.ref.deref() !== undefined; i++) {
      await turn();
      collect();
    }
    expect(served.ref.deref()).toBeUndefined();
    expect(served.later()).toBeUndefined();
  });
});

describe('standard output', () => {
  it('that takes nothing ends no process, holds up no end, fills no memory, and takes the rest when it can', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'donna-output-'));
    const path = join(folder, 'out');
    // A pipe that nobody reads takes 64 KiB.
    execFileSync('mkfifo', [path]);
    const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
    const reader = openSync(path, O_RDONLY | O_NONBLOCK);
    const writer = openSync(path, O_WRONLY | O_NONBLOCK);
    const output = new StandardOutput(writer, 1024 * 1024);
    const line = `${'x'.repeat(65_535)}\n`;
    for (let i = 0; i < 20; i++) output.write(line);
    let text = '';
    const chunk = Buffer.alloc(1024 * 1024);
    await eventually(() => {
      try {
        text += chunk.toString('latin1', 0, readSync(reader, chunk));
      } catch {
        // Nothing is there at the moment.
      }
      return text.includes(' 4 lines are left out here');
    });
    expect(text.split(line)).toHaveLength(1 + 16);

    const full = openSync('/dev/full', 'w');
    const onFullDisk = new StandardOutput(full);
    onFullDisk.write('a line\n');
    await turn();
    onFullDisk.end();
    closeSync(reader);
    // Nobody reads: EPIPE.
    output.write('a line\n');
    output.end();
    for (const fd of [writer, full]) closeSync(fd);
    rmSync(folder, { recursive: true });
  });
});

describe('log files', () => {
  const root = mkdtempSync(join(tmpdir(), 'donna-log-'));
  let path = '';
  let elsewhere: string[] = [];
  let turn = 0;
  beforeEach(() => {
    path = join(mkdtempSync(join(root, `${turn++}-`)), 'gateway.log');
  });
  afterEach(() => void (elsewhere = []));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const open = (maxBytes = 1000, keepDays = 7): RotatingFile =>
    new RotatingFile({ path, maxBytes, keepDays }, (line) => elsewhere.push(line));
  const names = (): string[] => readdirSync(join(path, '..')).toSorted();
  const all = (): string[] =>
    names().flatMap((name) =>
      readFileSync(join(path, '..', name), 'utf8')
        .split('\n')
        .filter((line) => line !== ''),
    );

  it('are put aside by size without losing a line, also when two write to one', () => {
    const files = [open(), open()];
    for (let i = 0; i < 200; i++) files[i % 2]?.write(`line ${i} of about forty bytes, no more than that\n`);
    expect(names().length).toBeGreaterThan(2);
    expect(all().toSorted()).toEqual(
      Array.from({ length: 200 }, (_, i) => `line ${i} of about forty bytes, no more than that`).toSorted(),
    );
    for (const name of names()) expect(statSync(join(path, '..', name)).mode & 0o777).toBe(0o600);
    expect(elsewhere).toEqual([]);
  });

  it('are put aside by whichever of several processes: no line is torn or goes elsewhere, and no file outgrows its bound', async () => {
    const compiled = mkdtempSync(join(root, 'compiled-'));
    await compileSources(import.meta.dirname, compiled);
    writeFileSync(join(compiled, 'package.json'), '{"type":"module"}');
    const go = join(compiled, 'go');
    const program = `
      import { existsSync } from 'node:fs';
      import { RotatingFile } from ${JSON.stringify(join(compiled, 'rotating-file.js'))};
      const file = new RotatingFile({ path: ${JSON.stringify(path)}, maxBytes: 2000, keepDays: 7 }, (line) => process.stdout.write(line));
      process.stderr.write('ready');
      while (!existsSync(${JSON.stringify(go)}));
      for (let i = 0; i < 3000; i++) file.write(\`of \${process.pid} \${'x'.repeat(80)}\\n\`);`;
    const writers = Array.from({ length: 3 }, () => spawn(process.execPath, ['--input-type=module', '-e', program]));
    const said = writers.map((writer) => textOf(writer.stdout));
    await Promise.all(writers.map((writer) => once(writer.stderr, 'data')));
    writeFileSync(go, '');
    expect(await Promise.all(said)).toEqual(['', '', '']);
    for (const line of all()) expect(line).toMatch(/^of \d+ x{80}$/);
    for (const name of names()) expect(statSync(join(path, '..', name)).size).toBeLessThan(2000 + 3 * 200);
  });

  it('are put aside by day, and removed by age and number, and nothing else is', () => {
    writeFileSync(path, 'of yesterday\n');
    const yesterday = new Date(Date.now() - 86_400_000);
    utimesSync(path, yesterday, yesterday);
    const old = `${path}.20200101T000000Z-1-1`;
    for (const name of [old, `${path}.bak`, `${path}.20200101T000000Z-x`]) {
      writeFileSync(name, '');
      utimesSync(name, new Date(0), new Date(0));
    }
    open().write('of today\n');
    expect(readFileSync(path, 'utf8')).toBe('of today\n');
    expect(names()).toHaveLength(4);
    expect(all()).toContain('of yesterday');
    const file = open(10);
    for (let i = 0; i < 60; i++) file.write(`line ${i}\n`);
    expect(names()).toHaveLength(1 + 20 + 2);
    expect(all()).toContain('line 59');
  });

  it('are followed where somebody else puts them aside', async () => {
    const file = open();
    file.write('one\n');
    renameSync(path, `${path}.1`);
    const before = Date.now();
    while (!names().includes('gateway.log')) {
      file.write('more\n');
      if (Date.now() - before > 15_000) break;
      await new Promise((next) => setTimeout(next, 50));
    }
    expect(names()).toEqual(['gateway.log', 'gateway.log.1']);
    expect(all()[0]).toBe('more');
  });

  it('refuse links, and what is no file', () => {
    const target = join(path, '..', 'target');
    writeFileSync(target, 'kept');
    const make = (): LogFiles => new LogFiles({ path, maxBytes: 1000, keepDays: 7, errorKeepDays: 14 });
    symlinkSync(target, path);
    expect(make).toThrow(LogFileError);
    expect(make).toThrow('symbolic link');
    rmSync(path);
    linkSync(target, path);
    expect(make).toThrow('no file of its own');
    expect(() => new LogFiles({ path: '/dev/null', maxBytes: 1000, keepDays: 7, errorKeepDays: 14 })).toThrow(
      LogFileError,
    );
    expect(() => new LogFiles({ path: join(path, 'x.log'), maxBytes: 1000, keepDays: 7, errorKeepDays: 14 })).toThrow(
      'ENOTDIR',
    );
    expect(readFileSync(target, 'utf8')).toBe('kept');
  });

  it('keep errors besides in a file of their own', () => {
    const files = new LogFiles({ path, maxBytes: 100_000, keepDays: 7, errorKeepDays: 14 });
    const logger = createLogger({ level: 'info', destination: files });
    logger.info('a line');
    logger.error('an error');
    logger.fatal('the end');
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(3);
    expect(readFileSync(path.replace('.log', '.error.log'), 'utf8')).toMatch(
      /^[^\n]*an error[^\n]*\n[^\n]*the end[^\n]*\n$/,
    );
  });

  it('let lines go elsewhere while the disk takes none, told once', () => {
    const file = open();
    file.write('one\n');
    rmSync(join(path, '..'), { recursive: true });
    file.close();
    file.write('two\n');
    file.write('three\n');
    expect(elsewhere).toHaveLength(3);
    expect(elsewhere[0]).toContain('ENOENT');
    expect(elsewhere.slice(1)).toEqual(['two\n', 'three\n']);
  });
});
