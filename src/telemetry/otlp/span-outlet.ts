import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../trace/index.js';

/** Spans that wait; those beyond are left out, and nobody is told. */
const MAX_WAITING = 4096;
const BATCH = 512;
/** Milliseconds: between two batches where few come; for one to be taken, with all attempts; for the last ones when the gateway stops. */
const EVERY_MS = 500;
const EXPORT_WITHIN_MS = 5000;
const FLUSH_WITHIN_MS = 2000;

/**
 * Sends spans to the collector in batches, behind everything else: what it does not take in time is lost, and nobody waits for it. That it
 * takes none is told once, and once more when it does again.
 */
export class SpanOutlet {
  private readonly processor: BatchSpanProcessor;
  private isFailing = false;

  /** `endpoint`: the collector's base, below which `/v1/traces` lies (OTLP specification, endpoint URLs for OTLP/HTTP). */
  constructor(
    endpoint: string,
    private readonly logger: Logger,
  ) {
    const url = new URL(endpoint);
    url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
    const exporter = new OTLPTraceExporter({ url: url.href, timeoutMillis: EXPORT_WITHIN_MS, concurrencyLimit: 4 });
    this.processor = new BatchSpanProcessor({
      exporter: this.told(exporter),
      maxQueueSize: MAX_WAITING,
      maxExportBatchSize: BATCH,
      scheduledDelayMillis: EVERY_MS,
      exportTimeoutMillis: EXPORT_WITHIN_MS + 1000,
    });
  }

  send(span: ReadableSpan): void {
    this.processor.onEnd(span);
  }

  /** Sends what waits, as far as the collector takes it in time. */
  async close(): Promise<void> {
    const done = this.processor.shutdown().catch(() => undefined);
    await Promise.race([done, sleep(FLUSH_WITHIN_MS, undefined, { ref: false })]);
  }

  /** The same exporter, whose failures are told and then forgotten: there is nobody to answer for them. */
  private told(exporter: OTLPTraceExporter): SpanExporter {
    return {
      export: (spans, done) =>
        exporter.export(spans, (result) => {
          this.note(result.code === 0, result.error);
          done({ code: 0 });
        }),
      shutdown: () => exporter.shutdown(),
      forceFlush: () => exporter.forceFlush(),
    };
  }

  private note(isTaken: boolean, error: Error | undefined): void {
    if (this.isFailing !== isTaken) return;
    this.isFailing = !isTaken;
    // Neither the collector's address nor what it says: its code is enough.
    const code = (error as { readonly code?: unknown } | undefined)?.code;
    if (isTaken) this.logger.info('the trace collector takes spans again');
    else this.logger.warn({ code: String(code ?? 'none') }, 'the trace collector takes no spans: they are left out');
  }
}
