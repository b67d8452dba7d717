import type { EndedRequest } from '../../metrics/index.js';
import type { Logger } from '../../trace/index.js';
import { branchSpans, requestSpans, traceOf } from './request-spans.js';
import { SpanMaker, type SpanFacts } from './span-maker.js';
import { SpanOutlet } from './span-outlet.js';

export interface TraceExportOptions {
  readonly endpoint: string;
  readonly version: string;
  readonly environment: string;
  readonly logger: Logger;
}

/** Makes OpenTelemetry spans of every sampled request that has ended, and sends them to a collector. */
export class TraceExport {
  private readonly maker: SpanMaker;
  private readonly outlet: SpanOutlet;
  private isTold = false;

  constructor(private readonly options: TraceExportOptions) {
    this.maker = new SpanMaker(options.version, options.environment);
    this.outlet = new SpanOutlet(options.endpoint, options.logger);
  }

  /** Throws nothing. The request's timeline must still be open. */
  readonly observe = (ended: EndedRequest): void => {
    try {
      const trace = traceOf(ended, () => this.maker.id());
      if (trace === undefined) return;
      const { timeline } = ended.exchange;
      const send = (spans: readonly SpanFacts[]): void => this.send(trace.traceId, spans);
      send(requestSpans(ended, trace));
      if (timeline.branches === undefined) return;
      for (const branch of timeline.branches) send(branchSpans(branch, trace));
      timeline.whenBranchEnds = (branch) => send(branchSpans(branch, trace));
    } catch (error) {
      if (!this.isTold) this.options.logger.error({ err: error }, 'a request could not be made into spans');
      this.isTold = true;
    }
  };

  /** Sends what waits. Never rejects; takes two seconds at most. */
  close(): Promise<void> {
    return this.outlet.close();
  }

  private send(traceId: string, spans: readonly SpanFacts[]): void {
    const offset = Date.now() - performance.now();
    for (const facts of spans) this.outlet.send(this.maker.make(traceId, offset, facts));
  }
}
