import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Check, type CheckResult, fault, ok, warning } from '../check.js';
import { describeError } from '../describe-error.js';
import type { DoctorFacts } from '../doctor-facts.js';
import { httpGet, member } from './http-get.js';

/** The address on which the gateway is to listen: whether it can be had, or a gateway has it already. */
export function listeningCheck({ config }: DoctorFacts): Check {
  const { host, port } = config.http;
  return { name: 'port', run: (signal) => look(host, port, signal) };
}

async function* look(host: string, port: number, signal: AbortSignal): AsyncGenerator<CheckResult> {
  if (port === 0) {
    yield ok('port', 'the system chooses one');
    return;
  }
  const where = `${host} port ${port}`;
  const server = createServer();
  try {
    await once(server.listen({ host, port, exclusive: true }), 'listening');
    yield ok('port', `${where} is free`);
  } catch (error) {
    yield await judge(error as NodeJS.ErrnoException, where, host, port, signal);
  } finally {
    server.close();
  }
}

async function judge(
  error: NodeJS.ErrnoException,
  where: string,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<CheckResult> {
  switch (error.code) {
    case 'EADDRINUSE': {
      const version = await askVersion(host, port, signal);
      return version === undefined
        ? fault(
            'port',
            `${where} is taken by another program`,
            `stop that one, or choose another PORT, e.g. ${port + 1}`,
          )
        : ok('port', `a gateway (${version}) already listens on ${where}`);
    }
    case 'EACCES':
      return fault('port', `${where} may not be used by this user`, 'choose a PORT above 1023, e.g. 3000');
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return fault('port', `${host} is no address of this machine`, 'set HOST, e.g. HOST=127.0.0.1');
    default:
      return warning('port', `${where}: ${describeError(error)}`, 'choose another HOST or PORT');
  }
}

/** The version that a gateway's /api/health tells; undefined when it is somebody else. */
async function askVersion(host: string, port: number, signal: AbortSignal): Promise<string | undefined> {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const name = reachable.includes(':') ? `[${reachable}]` : reachable;
  try {
    const { json } = await httpGet(`http://${name}:${port}/api/health`, { accept: 'application/json' }, signal);
    const version = member(json, 'version');
    return typeof version === 'string' && typeof member(json, 'checks') === 'object' ? version : undefined;
  } catch {
    return undefined;
  }
}
