import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runChecks } from '../../src/cli/doctor/run-checks.js';
import { diagnose } from '../support/diagnosis.js';
import { findFreePort } from '../support/free-port.mjs';
import { compileSources } from '../support/gateway-process.js';
import { startTcpServer, type TcpServer } from '../support/tcp-server.js';

const ROOT = resolve(import.meta.dirname, '../..');

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe('npm run doctor', () => {
  let project: string;
  beforeAll(async () => {
    project = mkdtempSync(join(tmpdir(), 'doctor-run-'));
    await compileSources(join(ROOT, 'src'), join(project, 'dist'));
    for (const file of ['package.json', 'routes.yaml', 'routes.pass-through.yaml', 'legacy-php'])
      cpSync(join(ROOT, file), join(project, file), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  });
  afterEach(() => rmSync(join(project, '.env'), { force: true }));
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> => {
    const { PATH = '', NODE_OPTIONS = '' } = process.env;
    const child = spawn(process.execPath, [join(project, 'dist/doctor.js'), ...args], {
      env: { PATH, NODE_OPTIONS, NODE_COMPILE_CACHE: join(project, 'compiled'), DONNA_LOOPBACK_ONLY: '1', ...env },
      cwd: project,
    });
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...said };
  };

  it('finds nothing wrong where nothing is set, says so without colours, and leaves only the secrets of development', async () => {
    const { code, out } = await run(['--port', '0']);
    expect(out).toMatch(/^ok +node: 24/m);
    expect(out).toMatch(/^ok +route table: \d+ routes/m);
    expect(out).toMatch(/embedded php: /);
    expect(out).toMatch(/\d+ ok, \d warnings?, 0 faults\n$/);
    expect(out).not.toContain('\u001b');
    expect(code).toBe(0);
    expect(readdirSync(join(project, '.data'))).toEqual(['secrets.json']);
  });

  it('tells all faults of the configuration together and exits 78, as npm start does', async () => {
    writeFileSync(join(project, '.env'), 'NODE_ENV=production\nPORT=80x\n');
    const { code, err } = await run([]);
    expect(code).toBe(78);
    for (const name of ['PORT', 'ALLOWED_ORIGINS', 'JWT_SECRET', 'GATEWAY_IDENTITY_SECRET'])
      expect(err).toContain(name);
    const json = await run(['--json']);
    expect(json.code).toBe(78);
    expect(JSON.parse(json.out)).toMatchObject({ healthy: false, faults: [{ name: 'PORT' }, {}, {}, {}] });
  });

  it('exits 1 on a fault, tells it to machines, and shows no secret wherever it stands', async () => {
    const secrets = {
      JWT_SECRET: randomBytes(48).toString('base64url'),
      GATEWAY_IDENTITY_SECRET: randomBytes(48).toString('base64url'),
      OPENAI_API_KEY: `sk-${randomBytes(24).toString('hex')}`,
    };
    const dead = await findFreePort();
    const { code, out, err } = await run(['--json', '--port', '0', '--php', `http://127.0.0.1:${dead}`], {
      ...secrets,
      REDIS_URL: `redis://donna:doctor-redis-password@127.0.0.1:${dead}`,
      DATABASE_URL: `postgres://donna:doctor%20database@127.0.0.1:${dead}/donna`,
      OPENAI_BASE_URL: `http://127.0.0.1:${dead}/v1`,
    });
    expect(code).toBe(1);
    const { healthy, results } = JSON.parse(out) as { healthy: boolean; results: { name: string; state: string }[] };
    expect(healthy).toBe(false);
    const faults = results.filter(({ state }) => state === 'fault').map(({ name }) => name.split(' ')[0]);
    expect(faults).toEqual(['php', 'redis', 'postgres', 'openai']);
    for (const secret of [...Object.values(secrets), 'doctor-redis-password', 'doctor%20database', 'doctor database'])
      expect(out + err).not.toContain(secret);
  });

  it('ends in time though nothing that it asks ever answers', async () => {
    const silent = await startTcpServer(() => undefined);
    const target = `127.0.0.1:${silent.port}`;
    const startedAt = performance.now();
    const { code, out } = await run(['--port', '0', '--php', `http://${target}`], {
      REDIS_URL: `redis://${target}`,
      DATABASE_URL: `postgres://${target}/donna`,
      JWT_JWKS_URL: `http://${target}/jwks`,
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: String(silent.port),
      EMAIL_FROM: 'donna@example.com',
    });
    expect(code).toBe(1);
    expect(out.match(/no result within 5 s/g)).toHaveLength(5);
    expect(performance.now() - startedAt).toBeLessThan(25_000);
    await silent.stop();
  });

  it('explains itself with --help, and refuses an option that it does not know', async () => {
    expect((await run(['--help'])).out).toContain('npm run doctor');
    const unknown = await run(['--prot', '80']);
    expect(unknown).toMatchObject({ code: 64, out: '' });
    expect(unknown.err).toContain('--prot');
  });
});

describe('the doctor and this machine', () => {
  const folders: string[] = [];
  const servers: TcpServer[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
    for (const server of servers.splice(0)) await server.stop();
  });
  const makeFolder = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'doctor-files-'));
    folders.push(folder);
    return folder;
  };

  it('tells every fault of the route table with its line', async () => {
    const routesFile = join(makeFolder(), 'routes.yaml');
    const route = (text: string): string => `{ match: { path: /x }, ${text}, policies: { authorization: public } }`;
    const lines = ['policies: { authorization: { public: {} } }', 'routes:', `  a: ${route('handler: nobody')}`];
    writeFileSync(routesFile, [...lines, `  b: ${route('upstream: nowhere')}`].join('\n'));
    const found = (await diagnose({}, { routesFile })).of('route table');
    expect(found).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^fault: line 3: routes.a.handler: there is no native handler "nobody"/),
        expect.stringMatching(/^fault: line 4: routes.b.upstream: there is no upstream "nowhere"/),
      ]),
    );
  });

  it('tells files that others may read', async () => {
    const project = makeFolder();
    const data = join(project, '.data');
    mkdirSync(data, { mode: 0o755 });
    for (const file of [join(data, 'secrets.json'), join(project, '.env')]) writeFileSync(file, '{}', { mode: 0o644 });
    chmodSync(data, 0o755);
    const found = await diagnose({}, { change: (config) => ({ ...config, directories: { project, data } }) });
    expect(found.of('rights of .data')).toEqual([expect.stringMatching(/^warning: 0755: .*→ chmod 700 /)]);
    expect(found.of('rights of secrets.json')).toEqual([expect.stringMatching(/^warning: 0644: .*→ chmod 600 /)]);
    expect(found.of('rights of .env')).toEqual([expect.stringMatching(/^warning: 0644: .*→ chmod 600 /)]);
    expect(readdirSync(data)).toEqual(['secrets.json']);
  });

  it('tells a data directory that cannot be written, where something is kept there', async () => {
    const project = join(makeFolder(), 'gone');
    const directories = { project, data: join(project, '.data') };
    const dead = await findFreePort();
    const embedded = await diagnose({}, { change: (config) => ({ ...config, directories }) });
    expect(embedded.of('directory .data')).toEqual([expect.stringMatching(/^fault: .* cannot be written: /)]);
    const image = await diagnose(
      { REMOTE_PHP_BASE: `http://127.0.0.1:${dead}`, DATABASE_URL: `postgresql://127.0.0.1:${dead}/gateway` },
      { change: (config) => ({ ...config, environment: 'production', directories }) },
    );
    expect(image.of('directory .data')).toEqual([
      expect.stringMatching(/^ok: .*nothing of this configuration is kept/),
    ]);
  });

  it('tells a port that another program has', async () => {
    const server = await startTcpServer((socket) => socket.end('220 ready\r\n'));
    servers.push(server);
    const found = (await diagnose({ PORT: String(server.port) })).of('port');
    expect(found).toEqual([expect.stringMatching(/^fault: .* is taken by another program → .*another PORT/)]);
  });

  it('frees the port that it tried', async () => {
    const port = await findFreePort();
    expect((await diagnose({ PORT: String(port) })).of('port')).toEqual([`ok: 127.0.0.1 port ${port} is free`]);
    expect((await diagnose({ PORT: String(port) })).of('port')).toEqual([`ok: 127.0.0.1 port ${port} is free`]);
  });
});

describe('the doctor and the settings', () => {
  const production = {
    NODE_ENV: 'production',
    ALLOWED_ORIGINS: 'https://app.example.com,http://old.example.com,http://localhost:5173,null',
    ACCESS_TOKEN_TTL_S: '86400',
    JWT_SECRET: randomBytes(48).toString('base64url'),
    GATEWAY_IDENTITY_SECRET: randomBytes(48).toString('base64url'),
  };

  it('warns of what production should not have', async () => {
    const found = await diagnose({ ...production, HOST: '0.0.0.0' });
    expect(found.of('origins')).toEqual([
      "ok: 4 besides the gateway's own",
      expect.stringMatching(/^warning: http:\/\/old.example.com is not encrypted/),
      expect.stringMatching(/^warning: http:\/\/localhost:5173 is allowed in production/),
    ]);
    expect(found.of('settings')).toContainEqual(expect.stringMatching(/null/));
    expect(found.of('settings')).toContainEqual(expect.stringMatching(/^warning: REDIS_URL is not set/));
    expect(found.of('proxies')).toEqual([expect.stringMatching(/^warning: HOST 0.0.0.0 .*TRUSTED_PROXIES/)]);
    expect(found.of('csp')).toEqual([expect.stringMatching(/^warning: report-only.*CSP_MODE=enforce/)]);
    expect(found.of('secrets')).toContainEqual(expect.stringMatching(/^warning: an access token lives 86400 s/));
    expect(found.of('embedded php')).toContainEqual(expect.stringMatching(/^warning: serves in production/));
  });

  it.each(['0.0.0.0/0', '::/0', '0.0.0.0/1'])('tells a trusted range that is everybody: %s', async (range) => {
    const found = await diagnose({ TRUSTED_PROXIES: `10.0.0.0/8,${range}` });
    expect(found.of('proxies')).toEqual([expect.stringMatching(/^fault: TRUSTED_PROXIES trusts everybody/)]);
  });

  it('warns of secrets that nobody drew, and of more workers than cores', async () => {
    const found = await diagnose({
      JWT_SECRET: 'aaaabbbb'.repeat(8),
      GATEWAY_WORKERS: '256',
      DATABASE_URL: 'postgres://u:p@127.0.0.1:9/x',
    });
    expect(found.of('settings')).toContainEqual(expect.stringMatching(/^warning: JWT_SECRET repeats itself/));
    expect(found.of('settings')).toContainEqual(expect.stringMatching(/^warning: 256 processes serve on/));
  });
});

describe('the runner of the checks', () => {
  it('keeps what was found before a check broke or hung, in order, and runs them at the same time', async () => {
    const results = await runChecks(
      [
        {
          name: 'hangs',
          run: async function* () {
            yield { name: 'hangs', state: 'ok', found: 'first' };
            await new Promise(() => undefined);
          },
        },
        {
          name: 'breaks',
          run: function* () {
            yield { name: 'breaks', state: 'ok', found: 'first' };
            throw new Error('in the middle');
          },
        },
      ],
      100,
    );
    expect(results.map(({ name, state, found }) => `${name} ${state} ${found}`)).toEqual([
      'hangs ok first',
      'hangs fault no result within 0.1 s',
      'breaks ok first',
      'breaks fault could not be checked: in the middle',
    ]);
  });
});
