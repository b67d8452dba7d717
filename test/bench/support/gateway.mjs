import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../support/free-port.mjs';
import { startProgram, untilReady } from './processes.mjs';

let count = 0;
const isAlive = async (origin) => (await fetch(`${origin}/readyz`)).ok;

/**
 * Starts the built gateway as production does, with a route table of the bench and without its access log.
 * `env` goes over what is set here; `nodeArgs` before the file.
 */
export async function startGateway(
  bench,
  { table, upstream, env = {}, nodeArgs = bench.nodeArgs, cpu = '0', isReady = isAlive },
) {
  const main = join(bench.dist, 'main.js');
  if (!existsSync(main)) throw Object.assign(new Error(`${main} is not there: npm run build`), { isPlain: true });
  const port = await findFreePort();
  const routes = join(bench.folder, `routes-${(count += 1)}.yaml`);
  writeFileSync(routes, table);
  const { caller } = bench;
  const program = startProgram({
    name: 'gateway',
    cpu,
    command: process.execPath,
    args: [...nodeArgs, main],
    cwd: bench.folder,
    env: {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      LOG_LEVEL: 'warn',
      JWT_SECRET: caller.secret,
      GATEWAY_IDENTITY_SECRET: caller.identitySecret,
      ALLOWED_ORIGINS: caller.allowedOrigin,
      REMOTE_PHP_BASE: upstream,
      ROUTES_FILE: routes,
      ...env,
    },
  });
  const origin = `http://127.0.0.1:${port}`;
  await untilReady(program, () => isReady(origin));
  return { ...program, origin, port };
}
