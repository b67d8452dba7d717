import { performance } from 'node:perf_hooks';
import { Tally } from '../metrics/index.js';
import { LogCleaner } from '../privacy/index.js';
import type { Logger } from '../trace/index.js';
import { type Origin, toErrorEvent } from './error-event.js';
import type { ErrorFacts, ErrorReporter } from './error-reports.js';
import { ReportBudget } from './report-budget.js';
import type { SentryClient } from './sentry-client.js';

/** `https://<key>@<host>/<project>`, as Sentry hands it out. */
const DSN = /^https?:\/\/[\w-]{1,100}(?::[\w-]{0,100})?@[^/?#@]{1,250}\/(?:[\w./-]{1,200}\/)?\d{1,20}$/;

/** Reports to the Sentry that SENTRY_DSN names. The library (some 27 MB of memory) is loaded when it is first wanted. */
export class SentryReporter implements ErrorReporter {
  /** Reports by what became of them. */
  readonly outcomes = new Tally();
  private readonly cleaner = new LogCleaner();
  private readonly budget = new ReportBudget();
  private client: Promise<SentryClient | undefined> | undefined;

  constructor(
    private readonly dsn: string,
    private readonly origin: Origin,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  /** Loads the library now: a quarter of a second that no request and no error should wait for. */
  async prepare(): Promise<void> {
    await this.connect();
  }

  report(thrown: unknown, facts: ErrorFacts): void {
    try {
      const error = this.cleaner.error(thrown);
      const suppressed = this.budget.take(`${facts.kind} ${error.type} ${error.at?.[0] ?? ''}`, performance.now());
      if (suppressed === undefined) {
        this.outcomes.add('held-back');
        return;
      }
      const event = toErrorEvent(error, facts, this.origin, suppressed);
      void this.connect().then((client) => (client === undefined ? this.outcomes.add('failed') : client.send(event)));
    } catch {
      // What cannot even be described must not do more harm.
      this.outcomes.add('failed');
    }
  }

  async flush(withinMs: number): Promise<void> {
    if (this.client === undefined) return;
    const until = performance.now() + withinMs;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
    const flushed = this.client.then((client) => client?.flush(Math.max(1, until - performance.now())));
    await Promise.race([flushed, late]).catch(() => undefined);
    clearTimeout(timer);
  }

  private connect(): Promise<SentryClient | undefined> {
    this.client ??= this.make();
    return this.client;
  }

  private async make(): Promise<SentryClient | undefined> {
    if (!DSN.test(this.dsn)) {
      this.logger.warn('SENTRY_DSN is none (https://key@host/project): errors are not reported');
      return undefined;
    }
    try {
      const { makeSentryClient } = await import('./sentry-client.js');
      return makeSentryClient({ dsn: this.dsn, onResult: (result) => this.outcomes.add(result) });
    } catch {
      this.logger.warn('errors cannot be reported: @sentry/core does not load');
      return undefined;
    }
  }
}
