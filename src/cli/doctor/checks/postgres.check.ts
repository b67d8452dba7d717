import { type Check, type CheckResult, fault, ok } from '../check.js';
import { describeError } from '../describe-error.js';
import type { DoctorFacts } from '../doctor-facts.js';
import { showUrl } from '../redaction.js';
import { endpointOf, findConnection, openTcp } from './connection.js';
import { SocketReader } from './socket-reader.js';

const WHOSE = 'DATABASE_URL';
/** SSLRequest: its length, 8, and its code. PostgreSQL documentation, "Message Formats". */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** Postgres: whether one answers there, by the first two steps of its protocol. Nobody logs in: nothing is stored yet. */
export function postgresChecks({ config }: DoctorFacts): readonly Check[] {
  const { url } = config.database;
  if (url === undefined) return [];
  return [{ name: nameOf(url), run: (signal) => look(url, signal) }];
}

async function* look(url: string, signal: AbortSignal): AsyncGenerator<CheckResult> {
  const name = nameOf(url);
  const endpoint = endpointOf(url, 5432);
  if (!(yield* findConnection(name, endpoint, WHOSE, signal))) return;
  const socket = await openTcp(endpoint, signal);
  try {
    socket.write(SSL_REQUEST);
    const answer = await new SocketReader(socket).next();
    const letter = answer?.byteLength === 1 ? answer.toString('latin1') : '';
    if (letter === 'S' || letter === 'N')
      yield ok(name, `Postgres answers, ${letter === 'S' ? 'with' : 'without'} TLS; the login is not tried`);
    else yield fault(name, 'what answers there is not Postgres', `correct ${WHOSE}`);
  } catch (error) {
    yield fault(name, describeError(error), `see whether Postgres serves there, or correct ${WHOSE}`);
  } finally {
    socket.destroy();
  }
}

function nameOf(url: string): string {
  return `postgres ${showUrl(url)}`;
}
