import { type Attributes, type HrTime, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { RandomIdGenerator, type ReadableSpan } from '@opentelemetry/sdk-trace';

export { SpanKind };

/** A span as it is thought of; times are milliseconds of `performance.now()`. */
export interface SpanFacts {
  readonly name: string;
  readonly kind: SpanKind;
  readonly id: string;
  readonly parent: string | undefined;
  /** The parent is another program's. */
  readonly isParentRemote?: boolean;
  readonly from: number;
  readonly to: number;
  /** Those that are undefined are left out. */
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  readonly isError: boolean;
  readonly events?: readonly { readonly name: string; readonly at: number }[];
}

/** Makes spans for the exporter of what is over already: no tracer follows a request, its timeline does. */
export class SpanMaker {
  private readonly ids = new RandomIdGenerator();
  private readonly resource: Resource;
  private readonly scope;

  constructor(version: string, environment: string) {
    this.scope = { name: 'donna-gateway', version };
    // Neither host, process nor command line: the program tells what it is, not where it runs.
    this.resource = resourceFromAttributes({
      'service.name': 'donna-gateway',
      'service.version': version,
      'deployment.environment.name': environment,
    });
  }

  id(): string {
    return this.ids.generateSpanId();
  }

  /** `offset`: what makes milliseconds since the epoch of a span's times. */
  make(traceId: string, offset: number, facts: SpanFacts): ReadableSpan {
    const { name, kind, id, parent, from, to, isError } = facts;
    const context = { traceId, spanId: id, traceFlags: TraceFlags.SAMPLED };
    const attributes: Attributes = {};
    for (const [key, value] of Object.entries(facts.attributes)) if (value !== undefined) attributes[key] = value;
    return {
      name,
      kind,
      spanContext: () => context,
      ...(parent === undefined
        ? {}
        : {
            parentSpanContext: {
              traceId,
              spanId: parent,
              traceFlags: TraceFlags.SAMPLED,
              isRemote: facts.isParentRemote ?? false,
            },
          }),
      startTime: timeOf(offset + from),
      endTime: timeOf(offset + Math.max(from, to)),
      duration: timeOf(Math.max(0, to - from)),
      status: { code: isError ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
      attributes,
      links: [],
      events: (facts.events ?? []).map(({ name: event, at }) => ({ name: event, time: timeOf(offset + at) })),
      ended: true,
      resource: this.resource,
      instrumentationScope: this.scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  }
}

function timeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.floor((ms - seconds * 1000) * 1_000_000)];
}
