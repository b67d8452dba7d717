import type { Logger } from '../../trace/index.js';
import { readPhpLine } from './php-log-lines.js';

const LEVELS = new Set(['debug', 'info', 'warn', 'error'] as const);
type PhpLevel = typeof LEVELS extends Set<infer Level> ? Level : never;

/** Writes the lines of embedded PHP into the gateway's log: those of PHP's logger with their fields and trace id, others as they are told. */
export function phpLineWriter(logger: Logger): (line: string) => void {
  return (line) => {
    const fields = readPhpLine(line);
    if (fields === undefined) {
      logger.warn({ service: 'php', said: line }, 'php');
      return;
    }
    const { time: _time, level, msg, ...facts } = fields;
    logger[isLevel(level) ? level : 'warn'](facts, typeof msg === 'string' ? msg : 'php');
  };
}

function isLevel(value: unknown): value is PhpLevel {
  return LEVELS.has(value as PhpLevel);
}
