import type { Logger } from '../trace/index.js';

/** What is known of an error beside itself: names and codes of this program, and the trace id. */
export interface ErrorFacts {
  /** `unexpected`: answered as INTERNAL; `stray`: left uncaught by a native handler, survived; `end`: it ends the process. */
  readonly kind: 'unexpected' | 'stray' | 'end';
  readonly traceId?: string | undefined;
  readonly route?: string | undefined;
  readonly stage?: string | undefined;
}

/** Tells somebody outside of errors that should not happen. Neither method throws or rejects. */
export interface ErrorReporter {
  report(thrown: unknown, facts: ErrorFacts): void;
  /** Resolves when all that was reported is on its way, after `withinMs` milliseconds at the latest. */
  flush(withinMs: number): Promise<void>;
}

/** Milliseconds that a process which an error ends waits for its last report. */
const LAST_REPORT_MS = 1500;

/** By the log of the gateway that reports: several gateways may run in one process. */
const reporters = new Map<Logger, ErrorReporter>();

/** From now on errors that this logger is told of are reported. @returns ends it */
export function reportErrorsOf(logger: Logger, reporter: ErrorReporter): () => void {
  reporters.set(logger, reporter);
  return () => {
    if (reporters.get(logger) === reporter) reporters.delete(logger);
  };
}

/** Reports an error, where somebody wants to know; returns at once and never throws. */
export function reportError(logger: Logger, thrown: unknown, facts: ErrorFacts): void {
  reporters.get(logger)?.report(thrown, facts);
}

/** Reports the error that ends this process, and then ends it: at once where nobody wants to know, else a second and a half later at the latest. */
export function reportTheEnd(thrown: unknown, end: () => void): void {
  if (reporters.size === 0) {
    end();
    return;
  }
  const sent = [...reporters.values()].map(async (reporter) => {
    reporter.report(thrown, { kind: 'end' });
    await reporter.flush(LAST_REPORT_MS);
  });
  Promise.all(sent).then(end, end);
}
