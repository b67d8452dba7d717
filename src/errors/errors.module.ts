import { Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { Metrics } from '../metrics/index.js';
import { LOGGER, type Logger } from '../trace/index.js';
import { reportErrorsOf } from './error-reports.js';
import { SentryReporter } from './sentry-reporter.js';

/** Milliseconds that the end of the gateway waits for reports on their way. */
const FLUSH_MS = 2000;

/** Errors that should not happen are reported to Sentry, where SENTRY_DSN is set (ADR 0032). */
@Module({})
export class ErrorsModule implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly reporter: SentryReporter | undefined;
  private release: () => void = () => undefined;

  constructor(
    @Inject(CONFIG) { telemetry, version, environment, directories }: GatewayConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Metrics) metrics: Metrics,
  ) {
    const { sentryDsn } = telemetry;
    const origin = { release: version, environment, root: directories.project };
    this.reporter = sentryDsn === undefined ? undefined : new SentryReporter(sentryDsn, origin, logger);
    metrics.sampled(
      'counter',
      'donna_error_reports_total',
      'Reports to Sentry by what became of them: sent, refused (by it), failed, held-back (the same error within a minute, or too many). Only with SENTRY_DSN.',
      ['result'],
      () => this.reporter?.outcomes.samples() ?? [],
    );
  }

  /** Before the first request, which must not wait while a library is read. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.reporter === undefined) return;
    this.release = reportErrorsOf(this.logger, this.reporter);
    await this.reporter.prepare();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.reporter?.flush(FLUSH_MS);
    this.release();
  }
}
