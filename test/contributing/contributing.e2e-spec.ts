import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { eventually } from '../support/eventually.js';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { type LegacyPhp, startLegacyPhp } from '../support/legacy-php.js';
import { bearer } from '../support/staged-site.js';
import { IDENTITY_SECRET, JWT_SECRET } from '../support/test-gateway.js';
import { applyChange, type Command, readSteps, type Step } from './worked-example.js';

const PROJECT = resolve(import.meta.dirname, '../..');
const HOURS = '/api/opening-hours.php';

describe('the worked examples of CONTRIBUTING.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'contributing-'));
  const steps = readSteps(readFileSync(join(PROJECT, 'CONTRIBUTING.md'), 'utf8'));
  let php: LegacyPhp;
  let gateway: GatewayProcess;
  /** The route table after the first section, and after the second. */
  let tables: { readonly withRoute: string; readonly withHandler: string };

  const step = (name: string): Step => {
    const found = steps.get(name);
    if (found === undefined) throw new Error(`CONTRIBUTING.md has no section "${name}"`);
    return found;
  };
  /** A file as it is after the steps so far: of this test's copy, else of the project. */
  const read = (file: string): string => {
    try {
      return readFileSync(join(folder, file), 'utf8');
    } catch {
      return readFileSync(join(PROJECT, file), 'utf8');
    }
  };
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  /** Does what a section says, in this test's copies; the files that are other ones now. */
  const follow = (name: string): ReadonlyMap<string, string> => {
    const { files, changes } = step(name);
    for (const [file, text] of files) write(file, text);
    for (const change of changes) write(change.file, applyChange(read(change.file), change));
    return new Map([...files.keys(), ...changes.map(({ file }) => file)].map((file) => [file, read(file)]));
  };
  const ask = (): Promise<CallAnswer> => call(gateway.url, HOURS, { headers: bearer('eve') });
  const opens = async (): Promise<unknown> => ((await ask()).json() as { data?: { opens?: unknown } }).data?.opens;

  beforeAll(async () => {
    // No route of the shipped table needs the database for this.
    write('routes.yaml', read('routes.yaml').replace(/^( +stage:) .*$/gm, '$1 proxy'));
    cpSync(join(PROJECT, 'legacy-php'), join(folder, 'legacy-php'), {
      recursive: true,
      filter: (path) => !path.endsWith('/legacy-php/var') && !path.endsWith('/legacy-php/tests'),
    });
    const before = read('routes.yaml');
    follow('Add a route');
    const withRoute = read('routes.yaml');
    // The handler's code needs a new start; it is there from the beginning, and the route leads to it when its section says so.
    const code = new Map([...follow('Replace the endpoint')].filter(([file]) => file.startsWith('src/')));
    const withHandler = read('routes.yaml');
    php = await startLegacyPhp({}, join(folder, 'legacy-php'));
    gateway = await startGatewayProcess(before, php.origin, {}, code);
    tables = { withRoute, withHandler };
  });
  afterAll(async () => {
    await gateway?.stop();
    await php?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  /** As an editor would; the running gateway takes it. */
  const useTable = (text: string): void => writeFileSync(join(gateway.folder, 'routes.yaml'), text);

  /** Sends what a `curl` of the page sends, to this gateway. */
  const curl = ({ words }: Command): Promise<CallAnswer> => {
    const [program, quiet, url = '', ...rest] = words;
    expect([program, quiet]).toEqual(['curl', '-s']);
    const headers = rest.flatMap((word, at) => (rest[at - 1] === '-H' ? [word.split(': ') as [string, string]] : []));
    const own = Object.fromEntries(
      headers.map(([name, value]) => [name, value.replace('Bearer $TOKEN', bearer('eve')['Authorization'] ?? '')]),
    );
    return call(gateway.url, url.replace('http://127.0.0.1:3000', ''), { headers: own });
  };
  /** Runs what an `npm run -s gateway --` of the page runs, against this gateway; what it prints. */
  const runGateway = async ({ words }: Command): Promise<string> => {
    expect(words.slice(0, 5)).toEqual(['npm', 'run', '-s', 'gateway', '--']);
    const cli = join(gateway.folder, 'dist/cli/gateway/gateway-cli.js');
    const child = spawn(process.execPath, [cli, ...words.slice(5), '--base', gateway.url], {
      cwd: gateway.folder,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { NODE_ENV: 'test', JWT_SECRET, GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET },
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    const code = await new Promise((done) => child.once('close', done));
    expect({ said, code }).toEqual({ said, code: 0 });
    return said;
  };
  const expectPrinted = async (command: Command): Promise<void> => {
    const said = JSON.parse(command.prints) as object;
    expect({ ...((await curl(command)).json() as object), traceId: '' }).toEqual({ ...said, traceId: '' });
  };

  it('add a route: strangers are refused by the gateway, users get what PHP says', async () => {
    useTable(tables.withRoute);
    await eventually(async () => (await call(gateway.url, HOURS)).text.includes('Sign in or send'));
    const { commands } = step('Add a route');
    expect(commands).toHaveLength(2);
    for (const command of commands) await expectPrinted(command);
  });

  it('replace the endpoint: compared without a difference, then answered by Node, then by PHP again', async () => {
    const [explain, canary, replaced, back] = step('Replace the endpoint').commands;
    if (explain === undefined || canary === undefined || replaced === undefined || back === undefined)
      throw new Error('the page shows four commands');
    useTable(tables.withHandler);
    await eventually(async () => {
      expect((await ask()).status).toBe(200);
      const { text } = await call(gateway.url, '/admin/api/experiments/hours.show', {
        headers: bearer('boss', ['admin']),
      });
      const { data } = JSON.parse(text) as { data?: { mirror?: { classes: Readonly<Record<string, number>> } } };
      const classes = data?.mirror?.classes ?? {};
      expect(classes['mismatch'] ?? 0).toBe(0);
      return (classes['match'] ?? 0) > 0;
    });
    expect(await runGateway(explain)).toContain('hours.show');
    // From here on one can tell who answers.
    const script = join(folder, 'legacy-php/api/opening-hours.php');
    writeFileSync(script, readFileSync(script, 'utf8').replace('09:00', '08:00'));
    await eventually(async () => (await opens()) === '08:00');
    await runGateway(canary);
    await runGateway(replaced);
    await eventually(async () => (await opens()) === '09:00');
    await runGateway(back);
    await eventually(async () => (await opens()) === '08:00');
  });

  it('add a policy: the sixth request of a caller within a minute is refused', async () => {
    follow('Add a policy');
    useTable(read('routes.yaml'));
    const [refused] = step('Add a policy').commands;
    if (refused === undefined) throw new Error('the page shows a command');
    await eventually(async () => (await ask()).headers['x-ratelimit-limit'] === '5');
    await eventually(async () => (await ask()).status === 429);
    await expectPrinted(refused);
  });
});
