import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import type { ConfigError } from '../../config/index.js';
import { AdminCallError, askAdmin, callAdmin } from './admin-client.js';
import { readCacheOptions } from './cache-options.js';
import { GATEWAY_HELP, type GatewayCommand, type MigrateCommand, readGatewayOptions } from './gateway-options.js';
import { readCleanupOptions } from './cleanup-options.js';
import { readMailOptions } from './mail-options.js';
import { readPersonOptions } from './person-options.js';
import { migrate } from './migrate.js';
import { type OperatorAccess, type OwnOptions, UsageError } from './operator-access.js';
import type * as OwnGateway from './own-gateway.js';
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
const STANDARD_INPUT = 0;
/** What is loaded besides takes longer to compile than to run. Not below a folder that everybody may write to. */
const COMPILE_CACHE = join(import.meta.dirname, '../../../node_modules/.cache/donna-gateway/compiled');

async function main(): Promise<number> {
  const [word, ...rest] = process.argv.slice(2);
  if (word === 'record') {
    // What is recorded and compared is loaded by who asks for it.
    const { record } = await import('./record-command.js');
    return runOwn(readRecordOptions(rest), word, record);
  }
  if (word === 'cache') {
    const { purgeCache } = await import('./cache-command.js');
    return runOwn(readCacheOptions(rest), word, purgeCache);
  }
  if (word === 'cleanup') {
    const { cleanup } = await import('./cleanup-command.js');
    return runOwn(readCleanupOptions(rest), word, cleanup);
  }
  if (word === 'person') {
    const { person } = await import('./person-command.js');
    return runOwn(readPersonOptions(rest), word, person);
  }
  if (word === 'mail') {
    const { mail } = await import('./mail-command.js');
    return runOwn(readMailOptions(rest), word, mail);
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
  const own = await loadOwn();
  const base = options.base ?? own.ownAddress();
  const token = tokenFile === undefined ? own.makeAdminToken() : readToken(tokenFile);
  if (command.kind === 'migrate') {
    // It may take longer than a token lives.
    const freshToken = (): string => (tokenFile === undefined ? own.makeAdminToken() : token);
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
  const own = await loadOwn();
  return command(read.options, {
    base: base ?? own.ownAddress(),
    adminToken: () => given ?? own.makeAdminToken(),
    readToken,
    mint: own.mintToken,
  });
}

/** Loads what reads the configuration: help and a misspelt word need none. */
function loadOwn(): Promise<typeof OwnGateway> {
  return import('./own-gateway.js');
}

function readToken(file: string): string {
  try {
    return readFileSync(file === '-' ? STANDARD_INPUT : file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`--token-file ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function fail(error: unknown): number {
  if (!(error instanceof Error)) throw error;
  const isTold = error instanceof UsageError || isConfigError(error) || error instanceof AdminCallError;
  // Node would print a stack as it is, and what a gateway answered with it.
  const text = isTold ? error.message : (error.stack ?? error.message);
  process.stderr.write(`${text.split('\n').map(printable).join('\n')}\n`);
  if (error instanceof UsageError) return EX_USAGE;
  if (isConfigError(error)) return error.exitCode;
  if (!(error instanceof AdminCallError)) return EX_SOFTWARE;
  if (error.status === 0) return EX_UNAVAILABLE;
  return error.status === 401 || error.status === 403 ? EX_NOPERM : EX_FAULT;
}

/** By its name: its class is loaded by who reads the configuration. */
function isConfigError(error: Error): error is ConfigError {
  return error.name === 'ConfigError';
}

enableCompileCache(COMPILE_CACHE);
process.exitCode = await main().catch(fail);
