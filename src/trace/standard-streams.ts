import { bareText } from '../privacy/index.js';
import type { Logger } from './logger.js';

const MAX_LINE = 4096;
/** Lines of one stream in one turn of the event loop; a library that prints in a loop must not fill the log. */
const MAX_LINES = 100;

/**
 * Makes log lines of whatever else writes to this process's streams: libraries, worker threads, Node's warnings, an error that nobody caught.
 * After it, nothing but the log reaches them, except through the function it returns.
 * @param exit ends the process after an uncaught error, with status 1; it is told which
 * @returns writes plain text to standard output, for people
 */
export function claimStandardStreams(
  logger: Logger,
  exit: (code: number, error: unknown) => void,
): (text: string) => void {
  const plain = process.stdout.write.bind(process.stdout);
  const { stdout, stderr } = process;
  // A greeting that a full disk or a closed terminal does not take ends nothing.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  for (const [source, stream] of Object.entries({ stdout, stderr }))
    stream.write = lineWriter((text) => logger.warn({ source, said: bareText(text) }, 'written beside the log'));
  process.removeAllListeners('warning');
  process.on('warning', (warning) =>
    logger.warn({ warning: warning.name, said: bareText(warning.message) }, 'node warns'),
  );
  const endWith = (kind: string, listeners: number, error: unknown): void => {
    // Whoever else listens decides (src/experiment/strays).
    if (listeners > 1) return;
    tellOfTheEnd(logger, kind, error);
    exit(1, error);
  };
  process.on('uncaughtException', (error) =>
    endWith('uncaught error', process.listenerCount('uncaughtException'), error),
  );
  process.on('unhandledRejection', (error) =>
    endWith('unhandled rejection', process.listenerCount('unhandledRejection'), error),
  );
  return (text) => void plain(text);
}

/** The last line of a process that an error ends. */
export function tellOfTheEnd(logger: Logger, kind: string, error: unknown): void {
  logger.fatal(error instanceof Error ? { err: error } : { thrown: typeof error }, `the process ends: ${kind}`);
}

function lineWriter(tell: (line: string) => void): typeof process.stdout.write {
  let rest = '';
  let lines = 0;
  return (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    const parts = `${rest}${typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8')}`.split(/\r?\n/);
    rest = (parts.pop() ?? '').slice(-MAX_LINE);
    for (const part of parts) {
      if (part.trim() === '') continue;
      if (lines++ === 0) setImmediate(() => (lines = 0));
      if (lines <= MAX_LINES) tell(part.slice(0, MAX_LINE));
    }
    const callback = [encoding, done].find((value) => typeof value === 'function') as (() => void) | undefined;
    if (callback !== undefined) process.nextTick(callback);
    return true;
  };
}
