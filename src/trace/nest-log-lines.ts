import type { LoggerService } from '@nestjs/common';
import { bareText } from '../privacy/index.js';
import type { Logger } from './logger.js';

/** What Nest itself has to say, as lines of the log like any other. Its texts may quote what it was given: errors go by class and place. */
export class NestLogLines implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(): void {}

  warn(said: unknown, ...rest: unknown[]): void {
    this.logger.warn(factsOf(said, rest), 'nest');
  }

  error(said: unknown, ...rest: unknown[]): void {
    this.logger.error(factsOf(said, rest), 'nest');
  }

  fatal(said: unknown, ...rest: unknown[]): void {
    this.logger.fatal(factsOf(said, rest), 'nest');
  }
}

/** Nest hands over the text or the error, perhaps a stack, and last the class that speaks. */
function factsOf(said: unknown, rest: readonly unknown[]): object {
  const last = rest.at(-1);
  const context = typeof last === 'string' && /^\w{1,60}$/.test(last) ? { context: last } : {};
  const error = said instanceof Error ? said : rest.find((part) => part instanceof Error);
  if (error !== undefined) return { ...context, err: error };
  return { ...context, said: typeof said === 'string' ? bareText(said) : '[object]' };
}
