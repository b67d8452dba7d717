import { askPostgres, databaseFaultOf, type PostgresFacts } from '../../../database/index.js';
import { type Check, type CheckResult, fault, ok, warning } from '../check.js';
import { describeError } from '../describe-error.js';
import type { DoctorFacts } from '../doctor-facts.js';
import { showUrl } from '../redaction.js';
import { endpointOf, findConnection, isLoopback, openTcp } from './connection.js';
import { SocketReader } from './socket-reader.js';

const WHOSE = 'DATABASE_URL';
/** SSLRequest: its length, 8, and its code. PostgreSQL documentation, "Message Formats". */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
/** What its makers still mend. */
const LEAST_MAJOR = 14;

/** Postgres: whether it lets the gateway in, encrypted where it must be, and lets it keep its tables. */
export function postgresChecks({ config }: DoctorFacts): readonly Check[] {
  const { url } = config.database;
  if (url === undefined) return [];
  const isProduction = config.environment === 'production';
  return [{ name: nameOf(url), run: (signal) => look(url, isProduction, signal) }];
}

async function* look(url: string, isProduction: boolean, signal: AbortSignal): AsyncGenerator<CheckResult> {
  const name = nameOf(url);
  const endpoint = endpointOf(url, 5432);
  // A folder in place of a host: the server's own socket, which has no such steps.
  const isSocket = new URL(url).searchParams.has('host');
  if (!isSocket) {
    if (!(yield* findConnection(name, endpoint, WHOSE, signal))) return;
    if (!(yield* findProtocol(name, url, signal))) return;
  }
  let facts: PostgresFacts;
  try {
    facts = await askPostgres(url, signal);
  } catch (error) {
    yield refusal(name, error);
    return;
  }
  yield judgeVersion(name, facts);
  if (isProduction && !isSocket && !facts.isEncrypted && !isLoopback(endpoint)) {
    yield warning(`${name} encryption`, 'plain text to another machine', `add sslmode=verify-full to ${WHOSE}`);
  }
  yield judgeTables(`${name} tables`, facts);
}

/** Whether what answers there speaks Postgres's protocol: else the login would only be cut. */
async function* findProtocol(name: string, url: string, signal: AbortSignal): AsyncGenerator<CheckResult, boolean> {
  const socket = await openTcp(endpointOf(url, 5432), signal);
  try {
    socket.write(SSL_REQUEST);
    const answer = await new SocketReader(socket).next();
    const letter = answer?.byteLength === 1 ? answer.toString('latin1') : '';
    if (letter === 'S' || letter === 'N') return true;
    yield fault(name, 'what answers there is not Postgres', `correct ${WHOSE}`);
  } catch (error) {
    yield fault(name, describeError(error), `see whether Postgres serves there, or correct ${WHOSE}`);
  } finally {
    socket.destroy();
  }
  return false;
}

function refusal(name: string, error: unknown): CheckResult {
  const words = describeError(error);
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  const isSaidByServer = typeof code === 'string' && /^[\dA-Z]{5}$/.test(code);
  return fault(
    name,
    isSaidByServer ? databaseFaultOf(error) : words,
    `put the right user, password, database and sslmode into ${WHOSE}`,
  );
}

function judgeVersion(name: string, { version, isEncrypted }: PostgresFacts): CheckResult {
  const found = `version ${version} lets the gateway in, ${isEncrypted ? 'with' : 'without'} TLS`;
  return Number.parseInt(version, 10) < LEAST_MAJOR
    ? warning(name, found, `take ${LEAST_MAJOR} or newer`)
    : ok(name, found);
}

function judgeTables(name: string, { isReadOnly, canMigrate, pending, unknown }: PostgresFacts): CheckResult {
  if (isReadOnly) return fault(name, 'it takes no writes', `name the primary in ${WHOSE}, and a user that may write`);
  if (pending.length > 0 && unknown.length > 0) {
    return fault(
      name,
      `they are another version's (${unknown.join(', ')}), and lack ${pending.join(', ')}`,
      'run the version that made them, or give this one a database of its own',
    );
  }
  if (pending.length > 0 && !canMigrate) {
    return fault(
      name,
      `${pending.join(', ')} to be made, and the user may make none`,
      'grant it usage and create on the schema, or start the gateway once as a user who may',
    );
  }
  if (unknown.length > 0)
    return warning(name, `a newer version has been here (${unknown.join(', ')})`, 'run that one, if it is to stay');
  return ok(name, pending.length === 0 ? 'as this version wants them' : `${pending.join(', ')} made at the next start`);
}

function nameOf(url: string): string {
  return `postgres ${showUrl(url)}`;
}
