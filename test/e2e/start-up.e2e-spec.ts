import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.js';

const ROOT = resolve(import.meta.dirname, '../..');

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Resolves when the output has this text; fails when the process ends before. */
  says(text: string): Promise<void>;
  readonly ended: Promise<number | null>;
}

describe('node dist/main.js', () => {
  let project: string;
  let php: Server;
  let phpUrl: string;
  const runs: Run[] = [];

  beforeAll(async () => {
    // Its own project folder, so that no secret or data of the one who runs the tests is touched.
    project = mkdtempSync(join(tmpdir(), 'gateway-start-'));
    for (const file of ['dist', 'package.json', 'routes.yaml', 'routes.pass-through.yaml', 'legacy-php'])
      cpSync(join(ROOT, file), join(project, file), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
    php = createServer((req, res) => res.setHeader('Content-Type', 'text/plain').end(`php saw ${req.url}`));
    await new Promise<void>((done) => php.listen(0, '127.0.0.1', done));
    phpUrl = `http://127.0.0.1:${(php.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    for (const { child, ended } of runs.splice(0)) {
      child.kill('SIGTERM');
      await ended;
    }
  });
  afterAll(async () => {
    rmSync(project, { recursive: true, force: true });
    await new Promise((done) => php.close(done));
  });

  const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Run => {
    const { PATH = '', NODE_OPTIONS = '', DONNA_LOOPBACK_NOTES = '' } = process.env;
    const child = spawn(process.execPath, [join(project, 'dist/main.js'), ...args], {
      env: {
        PATH,
        NODE_OPTIONS,
        NODE_COMPILE_CACHE: join(project, 'compiled'),
        DONNA_LOOPBACK_NOTES,
        DONNA_LOOPBACK_ONLY: '1',
        LOG_LEVEL: 'silent',
        ...env,
      },
      cwd: project,
    });
    let output = '';
    const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
    const listeners = new Set<() => void>();
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        for (const listener of listeners) listener();
      });
    }
    const says = (text: string): Promise<void> =>
      new Promise((done, fail) => {
        const look = (): void => {
          if (output.includes(text)) done();
        };
        listeners.add(look);
        void ended.then((code) => fail(new Error(`ended with ${code}: ${output}`)));
        look();
      });
    const run = { child, output: () => output, says, ended };
    runs.push(run);
    return run;
  };
  /** The call that the start suggests. */
  const calledBy = (run: Run): { readonly url: string; readonly token: string } => {
    const [, url = '', token = ''] = /curl -s (\S+) -H 'Authorization: (Bearer \S+)'/.exec(run.output()) ?? [];
    return { url, token };
  };
  const urlOf = (run: Run): string => /Open +(http:\S+)\//.exec(run.output())?.[1] ?? '';

  it('starts with nothing set: embedded PHP, stand-ins for the providers, a demo user and a token that works', async () => {
    const run = start(['--port', '0']);
    await run.says('Ctrl-C stops it');
    expect(run.output()).toContain('demo@donna.example / donna-demo');
    expect(run.output()).toContain('a local stub answers');
    expect(run.output()).toContain('Node answers  conversations.* canary 10 %, settings.* replaced');
    const { url, token } = calledBy(run);
    const answer = await fetch(url, { headers: { Authorization: token } });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ success: true, user_id: 'demo', data: [] });
    const page = await fetch(`${urlOf(run)}/login.php`);
    expect(await page.text()).toContain('csrf');
  });

  it('fronts another application with --php, untouched, and asks no session of it', async () => {
    const run = start(['--port', '0', '--php', phpUrl]);
    await run.says('Ctrl-C stops it');
    expect(run.output()).not.toContain('demo@donna.example');
    const answer = await fetch(`${urlOf(run)}/doku.php/some%2Fpage?a[]=1&a[]=2`);
    expect(await answer.text()).toBe('php saw /doku.php/some%2Fpage?a[]=1&a[]=2');
  });

  it('loads little to serve: what a bundle holds, and nothing of the parts that are not asked for', async () => {
    const list = join(project, 'loaded');
    const hook = `import { appendFileSync } from 'node:fs'; import { registerHooks } from 'node:module';
      registerHooks({ load: (url, context, next) => { appendFileSync(${JSON.stringify(list)}, url + '\\n'); return next(url, context); } });`;
    const run = start(['--port', '0', '--php', phpUrl], {
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=data:text/javascript,${encodeURIComponent(hook)}`,
      NODE_ENV: 'production',
      JWT_SECRET: randomBytes(32).toString('base64'),
      GATEWAY_IDENTITY_SECRET: randomBytes(32).toString('base64'),
      ALLOWED_ORIGINS: 'https://app.example.com',
      HOST: '127.0.0.1',
    });
    await run.says('Ctrl-C stops it');
    expect((await fetch(`${urlOf(run)}/page`)).status).toBe(200);
    const files = [...new Set(readFileSync(list, 'utf8').split('\n'))]
      .filter((url) => url.startsWith('file:') && !url.includes('/test/'))
      .map((url) => fileURLToPath(url));
    expect(files).toContain(realpathSync(join(project, 'dist/main.js')));
    // Three thousand, unbundled; 23 and 7.5 MiB when this was written.
    expect(files.filter((file) => file.includes('node_modules'))).toEqual([]);
    expect(files.length).toBeLessThan(28);
    const sources = files.map((file) => readFileSync(file, 'utf8'));
    expect(sources.reduce((sum, source) => sum + source.length, 0)).toBeLessThan(9 * 1024 * 1024);
    // What V8 would keep with two bytes a character.
    expect(files.filter((_, at) => /[\u0080-\uffff]/.test(sources[at] ?? ''))).toEqual([]);
    const packages = new Set(
      sources.flatMap((source) =>
        [...source.matchAll(/^\s*\/\/ .*node_modules\/((?:@[^/\s]+\/)?[^/\s]+)/gm)].map(([, name]) => name),
      ),
    );
    expect(packages).toContain('@nestjs/core');
    const onDemand = ['@redis/client', 'kysely', 'pg', 'libphonenumber-js', 'nodemailer', '@sentry/core'];
    expect(onDemand.filter((name) => packages.has(name))).toEqual([]);
    expect(
      [...packages].filter((name) => /^@(opentelemetry\/(?!api$)|electric-sql|php-wasm)/.test(name ?? '')),
    ).toEqual([]);
  });

  it('starts no database before another application', async () => {
    rmSync(join(project, '.data'), { recursive: true, force: true });
    const run = start(['--port', '0', '--php', phpUrl]);
    await run.says('Ctrl-C stops it');
    expect((await fetch(`${urlOf(run)}/api/chatbot_settings.php`)).status).toBe(200);
    expect(await (await fetch(`${urlOf(run)}/api/health`)).json()).toMatchObject({ checks: { database: 'off' } });
    expect(run.output()).not.toMatch(/Node answers|Database/);
    run.child.kill('SIGTERM');
    await run.ended;
    expect(existsSync(join(project, '.data/postgres'))).toBe(false);
  });

  it('serves without a database that cannot be had, says so, and takes "stage: proxy" as the way back', async () => {
    const data = join(project, '.data');
    const table = join(project, 'routes.yaml');
    const shipped = readFileSync(table, 'utf8');
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { mode: 0o700 });
    // No folder, so that it holds for root too.
    writeFileSync(join(data, 'postgres'), 'in the way');
    try {
      const run = start(['--port', '0']);
      await run.says('Note: there is no database');
      expect(run.output()).toContain(`write "stage: proxy" in ${table}`);
      const { token } = calledBy(run);
      const settings = (): Promise<Response> =>
        fetch(`${urlOf(run)}/api/chatbot_settings.php`, { headers: { Authorization: token } });
      const refused = await settings();
      expect(refused.status).toBe(503);
      expect(await refused.json()).toMatchObject({ success: false, errorCode: 'UPSTREAM_UNAVAILABLE' });
      expect((await fetch(`${urlOf(run)}/login.php`)).status).toBe(200);
      writeFileSync(table, shipped.replaceAll('stage: replaced', 'stage: proxy'));
      await eventually(async () => (await settings()).status === 200);
    } finally {
      writeFileSync(table, shipped);
      for (const { child } of runs) child.kill('SIGTERM');
      await Promise.all(runs.map(({ ended }) => ended));
      rmSync(data, { recursive: true, force: true });
    }
  });

  it('stops on SIGTERM with code 0 and takes its PHP with it', async () => {
    const run = start(['--port', '0']);
    await run.says('Ctrl-C stops it');
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe(0);
  });

  it('names a port that is taken, in one sentence, and a way out', async () => {
    const { port } = php.address() as AddressInfo;
    const run = start(['--port', String(port), '--php', 'http://127.0.0.1:9']);
    expect(await run.ended).toBe(69);
    expect(run.output().trim().split('\n')).toHaveLength(1);
    expect(run.output()).toContain(`Port ${port} on 127.0.0.1 is taken`);
  });

  it('names every missing variable at once and exits 78', async () => {
    const run = start([], { NODE_ENV: 'production' });
    expect(await run.ended).toBe(78);
    for (const name of ['JWT_SECRET', 'GATEWAY_IDENTITY_SECRET', 'ALLOWED_ORIGINS'])
      expect(run.output()).toContain(name);
    expect(run.output()).not.toContain('    at ');
  });

  it('says that nobody answers at REMOTE_PHP_BASE, and serves once somebody does', async () => {
    const run = start(['--port', '0', '--php', 'http://127.0.0.1:9']);
    await run.says('Ctrl-C stops it');
    expect(run.output()).toContain('nothing answers at http://127.0.0.1:9');
    expect((await fetch(`${urlOf(run)}/x.php`)).status).toBe(502);
  });

  it('lists its options with --help', async () => {
    const run = start(['--help']);
    expect(await run.ended).toBe(0);
    expect(run.output()).toContain('REMOTE_PHP_BASE');
  });

  it('refuses an option that it does not know', async () => {
    const run = start(['--prot', '80']);
    expect(await run.ended).toBe(64);
    expect(run.output()).toContain('--prot');
  });
});
