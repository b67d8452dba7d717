import { pino, type DestinationStream, type Logger } from 'pino';
import type { GatewayConfig } from '../config/index.js';
import { type CleanLine, LogCleaner, Pseudonyms } from '../privacy/index.js';
import { LogFiles } from './log-files.js';
import { requestHere } from './request-under-way.js';
import { standardOutput } from './standard-output.js';

export type { Logger };

/** The fields that are being written unsearched. */
let safeFields: object | undefined;

/** Writes a line whose fields this program made of numbers, codes and names of its own: they are safe whatever a client sends, and not searched. */
export function writeKnownSafe(logger: Logger, level: 'info' | 'warn', fields: object, text: string): void {
  safeFields = fields;
  logger[level](fields, text);
  safeFields = undefined;
}

export interface LoggerOptions {
  /** One of pino's level names, or `silent`. */
  readonly level: string;
  /** Without it, what would be a pseudonym is masked. */
  readonly pseudonyms?: Pseudonyms | undefined;
  /** Where lines go: standard output when left out. */
  readonly destination?: DestinationStream | undefined;
}

/**
 * A logger of JSON lines. Whatever is passed is cleaned before it is printed (`LogCleaner`); a line that is written while a request is served
 * carries that request's `traceId` and `route`.
 */
export function createLogger({ level, pseudonyms, destination }: LoggerOptions): Logger {
  const cleaner = new LogCleaner(pseudonyms);
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // Errors are cleaned before; pino's own serializer would join the messages of causes.
    serializers: { err: (clean: unknown) => clean },
    formatters: {
      level: (label: string) => ({ level: label }),
    },
    hooks: {
      logMethod(this: Logger, args: unknown[], method: (...args: never[]) => void): void {
        method.apply(this, cleanArguments(cleaner, args) as never[]);
      },
    },
  };
  const logger: Logger = destination === undefined ? pino(options) : pino(options, destination);
  const { child } = logger;
  // What a child says in each line is put into it once, past the hook.
  logger.child = function cleanChild(this: Logger, bindings: object, ...rest: unknown[]): never {
    return child.apply(this, [cleaner.line(bindings), ...rest] as never) as never;
  };
  return logger;
}

const loggers = new WeakMap<GatewayConfig, Logger>();

/** The one logger of a process with this configuration: two would not know of each other's files. */
export function loggerOf(config: GatewayConfig): Logger {
  const known = loggers.get(config);
  if (known !== undefined) return known;
  const { level, file } = config.log;
  const logger = createLogger({
    level,
    pseudonyms: Pseudonyms.from(config.identity.secret),
    destination: file === undefined ? standardOutput(config.workers > 1) : new LogFiles(file),
  });
  loggers.set(config, logger);
  return logger;
}

function cleanArguments(cleaner: LogCleaner, args: readonly unknown[]): unknown[] {
  const [first, second] = args;
  if (first !== undefined && first === safeFields) return [first, second];
  const hasFields = typeof first === 'object' && first !== null;
  const fields = withRequest(hasFields ? cleaner.line(first) : {});
  const [text, ...rest] = hasFields ? args.slice(1) : args;
  const told = typeof text === 'string' ? [cleaner.text(text), ...rest.map((part) => interpolated(cleaner, part))] : [];
  return [fields, ...told];
}

function interpolated(cleaner: LogCleaner, part: unknown): unknown {
  return typeof part === 'string' ? cleaner.text(part) : cleaner.line({ part })['part'];
}

/** A line that says which request it is about gets that one's route; one that does not, is about the one under way. */
function withRequest(fields: CleanLine): CleanLine {
  const exchange = requestHere();
  if (fields['traceId'] === undefined) {
    if (exchange === undefined) return fields;
    fields['traceId'] = exchange.traceId;
  }
  fields['route'] ??= exchange?.traceId === fields['traceId'] ? (exchange?.route?.name ?? null) : null;
  return fields;
}
