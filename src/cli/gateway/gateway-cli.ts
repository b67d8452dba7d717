import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import type { ConfigError } from '../../config/index.js';
import { AdminCallError } from './admin-client.js';
import { readCommandLine } from './command-registry.js';
import { NotAllowedError, UsageError } from './operator-access.js';
import { printable } from './printable.js';
import { tell } from './tell.js';

/** Exit codes of sysexits.h, and 1 for what the gateway refused. */
const EX_FAULT = 1;
const EX_USAGE = 64;
const EX_UNAVAILABLE = 69;
const EX_SOFTWARE = 70;
const EX_NOPERM = 77;
/** What is loaded besides takes longer to compile than to run. Not below a folder that everybody may write to. */
const COMPILE_CACHE = join(import.meta.dirname, '../../../node_modules/.cache/donna-gateway/compiled');

async function main(): Promise<number> {
  const line = readCommandLine(process.argv.slice(2));
  switch (line.kind) {
    case 'help':
      return tell(line.help);
    case 'fault':
      throw new UsageError(line.problem);
    case 'run':
      return line.run();
  }
}

function fail(error: unknown): number {
  if (!(error instanceof Error)) throw error;
  const isTold =
    error instanceof UsageError ||
    error instanceof NotAllowedError ||
    error instanceof AdminCallError ||
    isConfigError(error);
  // Node would print a stack as it is, and what a gateway answered with it.
  const text = isTold ? error.message : (error.stack ?? error.message);
  process.stderr.write(`${text.split('\n').map(printable).join('\n')}\n`);
  if (error instanceof UsageError) return EX_USAGE;
  if (error instanceof NotAllowedError) return EX_NOPERM;
  if (isConfigError(error)) return error.exitCode;
  if (!(error instanceof AdminCallError)) return EX_SOFTWARE;
  if (error.status === 0) return EX_UNAVAILABLE;
  return error.status === 401 || error.status === 403 ? EX_NOPERM : EX_FAULT;
}

/** By its name: its class is loaded by who reads the configuration. */
function isConfigError(error: Error): error is ConfigError {
  return error.name === 'ConfigError';
}

// Who reads no further (`| head`) has what it wanted.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
enableCompileCache(COMPILE_CACHE);
process.exitCode = await main().catch(fail);
