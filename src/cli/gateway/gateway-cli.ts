import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { makeAccessToken } from '../../auth/index.js';
import { ConfigError, loadConfig } from '../../config/index.js';
import { AdminCallError, askAdmin, callAdmin } from './admin-client.js';
import { GATEWAY_HELP, type GatewayCommand, type MigrateCommand, readGatewayOptions } from './gateway-options.js';
import { migrate } from './migrate.js';
import { type OperatorAccess, type OwnOptions, UsageError } from './operator-access.js';
import { printExperiment } from './print-experiment.js';
import { readRecordOptions } from './record-options.js';
import { readReplayOptions } from './replay-options.js';
import { printReplication, replicationFooter } from './print-replication.js';
import { printable, printableJson, printHistory, printRoute, printStages } from './print-stages.js';

/** Exit codes of sysexits.h, and 1 for what the gateway refused. */
const EX_FAULT = 1;
const EX_USAGE = 64;
const EX_UNAVAILABLE = 69;
const EX_SOFTWARE = 70;
const EX_NOPERM = 77;
/** Seconds: one call. */
const TOKEN_LIFE_S = 60;
const STANDARD_INPUT = 0;

const projectRoot = join(import.meta.dirname, '../../..');
const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };

async function main(): Promise<number> {
  const [word, ...rest] = process.argv.slice(2);
  if (word === 'record') {
    // What is recorded and compared is loaded by who asks for it.
    const { record } = await import('./record-command.js');
    return runOwn(readRecordOptions(rest), word, record);
  }
  if (word === 'replay') {
    const { replay } = await import('./replay-command.js');
    return runOwn(readReplayOptions(rest), word, replay);
  }
  const options = readGatewayOptions(process.argv.slice(2));
  if (options.kind === 'help') return say(GATEWAY_HELP.trimEnd());
  if (options.kind === 'fault') throw new UsageError(`${options.problem}\nSee: npm run gateway -- --help`);
  const { command, isJson, isAll, tokenFile } = options;
  // What `--base` and `--token-file` say needs no configuration here.
  const base = options.base ?? ownAddress();
  const token = tokenFile === undefined ? makeToken() : readToken(tokenFile);
  if (command.kind === 'migrate') {
    // It may take longer than a token lives.
    const freshToken = (): string => (tokenFile === undefined ? makeToken() : token);
    return migrate(command, (call) => callAdmin(base, freshToken(), call), { isJson });
  }
  const data = await askAdmin(base, token, command, (text) => process.stderr.write(`${text}\n`));
  if (isJson) return say(printableJson(data));
  const hasColours = process.stdout.isTTY && process.stdout.hasColors();
  const footer = command.kind === 'stages' ? await waitingLine(base, token) : '';
  return say(printAnswer(base, () => print(command, data, { isAll, hasColours })) + footer);
}

/** What waits for PHP matters to whoever is about to change a stage; where it cannot be told, the stages can all the same. */
async function waitingLine(base: string, token: string): Promise<string> {
  try {
    return replicationFooter(await askAdmin(base, token, { kind: 'replication' })) ?? '';
  } catch (error) {
    if (error instanceof AdminCallError || error instanceof TypeError) return '';
    throw error;
  }
}

function print(
  command: Exclude<GatewayCommand, MigrateCommand>,
  data: unknown,
  look: { isAll: boolean; hasColours: boolean },
): string {
  if (command.kind === 'stages') return printStages(data, look);
  if (command.kind === 'replication') return printReplication(data);
  if (command.kind === 'explain') return printExperiment(data);
  return command.kind === 'history' ? printHistory(data) : printRoute(data, look);
}

/** @throws AdminCallError where the answer is not what a gateway of this release says */
function printAnswer(base: string, print: () => string): string {
  try {
    return print();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new AdminCallError(`${base} does not answer as a Donna Gateway of this release: check --base`, 500);
  }
}

/** A command with a command line of its own. */
async function runOwn<Options extends { readonly tokenFile: string | undefined; readonly base: string | undefined }>(
  read: OwnOptions<Options>,
  word: string,
  command: (options: Options, access: OperatorAccess) => Promise<number>,
): Promise<number> {
  if (read.kind === 'help') return say(read.help.trimEnd());
  if (read.kind === 'fault') throw new UsageError(`${read.problem}\nSee: npm run gateway -- ${word} --help`);
  const { tokenFile, base } = read.options;
  const given = tokenFile === undefined ? undefined : readToken(tokenFile);
  return command(read.options, {
    base: base ?? ownAddress(),
    adminToken: () => given ?? makeToken(),
    readToken,
    mint: (request) => {
      const { secret, issuer, audience } = ownConfig().jwt;
      return secret === undefined ? undefined : makeAccessToken(secret, { ...request, issuer, audience });
    },
  });
}

function ownConfig(): ReturnType<typeof loadConfig> {
  return loadConfig(process.env, { projectRoot, packageVersion: version });
}

function ownAddress(): string {
  const { host, port } = ownConfig().http;
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${address}:${port}`;
}

/** For whoever may read the secret; the history names the user of this machine. */
function makeToken(): string {
  const { secret, issuer, audience } = ownConfig().jwt;
  if (secret === undefined)
    throw new UsageError('This gateway takes only tokens of JWT_JWKS_URL: give an administrator’s with --token-file');
  return makeAccessToken(secret, {
    subject: `cli:${userName()}`,
    roles: ['admin'],
    lifeS: TOKEN_LIFE_S,
    issuer,
    audience,
  });
}

function readToken(file: string): string {
  try {
    return readFileSync(file === '-' ? STANDARD_INPUT : file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`--token-file ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no name.
    return 'unknown';
  }
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function fail(error: unknown): number {
  if (!(error instanceof Error)) throw error;
  // The words are those of a start, which this is not.
  const message = error.message.replace('did not start', 'would not start');
  const isTold = error instanceof UsageError || error instanceof ConfigError || error instanceof AdminCallError;
  // Node would print a stack as it is, and what a gateway answered with it.
  const text = isTold ? message : (error.stack ?? message);
  process.stderr.write(`${text.split('\n').map(printable).join('\n')}\n`);
  if (error instanceof UsageError) return EX_USAGE;
  if (error instanceof ConfigError) return error.exitCode;
  if (!(error instanceof AdminCallError)) return EX_SOFTWARE;
  if (error.status === 0) return EX_UNAVAILABLE;
  return error.status === 401 || error.status === 403 ? EX_NOPERM : EX_FAULT;
}

process.exitCode = await main().catch(fail);
