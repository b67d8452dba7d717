import type { OnApplicationShutdown } from '@nestjs/common';
import type { RequestWatch } from '../metrics/index.js';
import type { TraceBook } from '../trace/index.js';
import type { TraceExport } from './otlp/trace-export.js';

/** Who reads the timeline of a request that has ended: the exporter of spans, where there is one; then the book, which closes it. */
export class Telemetry implements OnApplicationShutdown {
  constructor(
    watch: RequestWatch,
    book: TraceBook,
    private readonly spans: TraceExport | undefined,
  ) {
    if (spans !== undefined) watch.add(spans.observe);
    watch.add(book.observe);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.spans?.close();
  }
}
