import { randomBytes } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../../test/support/free-port.mjs';
import { findProcessesOf, startProgram } from './processes.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const START_WITHIN_MS = 90_000;
/** The gateway gives requests under way 25 s. */
const GRACE_MS = 30_000;
const PHP_TRIES = 3;
/** What a process inherits of the environment that the smokes were started in: nothing that configures a gateway. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'NODE_EXTRA_CA_CERTS'];

/**
 * A project folder of its own in the system's temporary folder: what was built, a route table, new secrets, no data. Of the
 * checkout it shares what is only read, so a gateway that runs there, its port, its `.env` and its data do not matter.
 */
export function makeSite() {
  if (!existsSync(join(ROOT, 'dist', 'main.js'))) throw new Error('dist is not there: npm run build');
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'donna-smokes-')));
  // Copied, for the gateway takes the folder above its own code for the project's. Source maps are for people.
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true, filter: (source) => !source.endsWith('.map') });
  for (const name of ['package.json', 'routes.yaml', 'routes.pass-through.yaml'])
    copyFileSync(join(ROOT, name), join(folder, name));
  for (const name of ['node_modules', 'legacy-php']) symlinkSync(join(ROOT, name), join(folder, name), 'dir');
  const env = {
    ...Object.fromEntries(INHERITED.filter((name) => process.env[name]).map((name) => [name, process.env[name]])),
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'warn',
    JWT_SECRET: randomBytes(48).toString('base64'),
    GATEWAY_IDENTITY_SECRET: randomBytes(48).toString('base64'),
    ENABLE_WS_PROXY: 'true',
    // smoke:ws waits for its end.
    AUTH_TIMEOUT_MS: '2000',
  };
  const programs = [];
  let isRemoved = false;
  return {
    folder,
    env,
    startGateway: async () => {
      const gateway = startProgram(process.execPath, [join(folder, 'dist', 'main.js')], { cwd: folder, env });
      programs.push(gateway);
      const open = await waitFor(gateway, 'the gateway', () => /^ {2}Open\s+(http:\S+?)\/$/m.exec(gateway.said())?.[1]);
      await waitFor(gateway, 'the gateway', () => answers(`${open}/readyz`));
      return open;
    },
    /** PHP by itself, as its own pages' browsers see it. Undefined where no `php` is installed. */
    startPhp: async () => {
      const legacy = join(ROOT, 'legacy-php');
      const data = join(folder, 'php-alone');
      mkdirSync(data, { recursive: true });
      for (let attempt = 1; ; attempt++) {
        const address = `127.0.0.1:${await findFreePort()}`;
        const args = ['-c', 'php.ini', '-S', address, '-t', 'public', 'router.php'];
        const php = startProgram('php', args, { cwd: legacy, env: { ...env, DONNA_DATA_DIR: data } });
        programs.push(php);
        try {
          await waitFor(php, 'PHP', () => answers(`http://${address}/api/health.php`));
          return `http://${address}`;
        } catch (error) {
          if (php.end().endsWith('is not installed')) return undefined;
          // Somebody else took the port; or all has been ended meanwhile, and nothing may start any more.
          if (isRemoved || attempt === PHP_TRIES) throw error;
        }
      }
    },
    /** What the programs said last. */
    said: () => programs.map((program) => program.said()).join('\n'),
    /** Ends whatever is left, removes the folder. @returns processes that had to be killed because nobody had ended them */
    remove: async () => {
      isRemoved = true;
      await Promise.all(programs.map((program) => program.stop(GRACE_MS)));
      const left = findProcessesOf(folder);
      for (const { pid } of left) kill(pid);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      return left;
    },
  };
}

/** Asks until there is an answer. @throws Error when the program has ended, or has not got so far in time */
async function waitFor(program, name, ask) {
  const until = performance.now() + START_WITHIN_MS;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (program.hasEnded()) throw new Error(`${name} did not start: ${program.end()}\n${program.said()}`);
    if (performance.now() > until) throw new Error(`${name} did not start in time\n${program.said()}`);
    await sleep(100);
  }
}

async function answers(url) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
