import { pino, type Logger } from 'pino';

export type { Logger };

/** The process's logger: JSON lines on standard output. `level` is one of pino's level names, or `silent`. */
export function createLogger(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
}
