import type { EndedRequest } from '../../metrics/index.js';
import { type Branch, type Entry, readEntries, type Timeline, wordOfCode } from '../../trace/index.js';
import { callSpans } from './call-spans.js';
import { type SpanFacts, SpanKind } from './span-maker.js';

/** What all spans of one request have in common. */
export interface RequestTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** The span of the request as a whole. */
  readonly span: string;
  /** The span of the request's own `traceparent`. */
  readonly ownSpan: string;
  readonly method: string;
  readonly route: string | undefined;
  readonly newId: () => string;
}

/** Methods by their name; any other is `_OTHER` (semantic conventions of HTTP spans). */
const METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE', 'QUERY']);

/** What a branch is called. */
const BRANCHES = {
  candidate: { name: 'mirror candidate', arm: 'candidate' },
  'control again': { name: 'mirror control again', arm: 'control' },
  refresh: { name: 'cache refresh', arm: undefined },
} as const;

/** Undefined for a trace that its caller does not want sampled. */
export function traceOf({ exchange }: EndedRequest, newId: () => string): RequestTrace | undefined {
  const { traceparent } = exchange.trace;
  if (!traceparent.endsWith('01')) return undefined;
  return {
    traceId: traceparent.slice(3, 35),
    span: newId(),
    ownSpan: traceparent.slice(36, 52),
    method: METHODS.has(exchange.method) ? exchange.method : '_OTHER',
    route: exchange.route?.name,
    newId,
  };
}

/** The spans of a request that has ended: its own, and one for each call. Names of the program, numbers and codes only. */
export function requestSpans(ended: EndedRequest, trace: RequestTrace): SpanFacts[] {
  const { exchange, status } = ended;
  const { route, notes, startedAt, timeline } = exchange;
  const endedAt = status === 101 ? (joinedAt(timeline) ?? startedAt) : startedAt + ended.ms;
  const { method, span, ownSpan, newId } = trace;
  const hasLeft = status === 499;
  const isError = status >= 500 || (status < 400 && notes.errorCode !== undefined);
  const path = route?.match.path;
  const name = method === '_OTHER' ? 'HTTP' : method;
  return [
    {
      name: path === undefined ? name : `${name} ${path}`,
      kind: SpanKind.SERVER,
      id: span,
      parent: exchange.trace.parentSpan,
      isParentRemote: true,
      from: startedAt,
      to: endedAt,
      attributes: {
        'http.request.method': method,
        'http.route': path,
        'http.response.status_code': hasLeft ? undefined : status,
        'url.scheme': exchange.client.protocol,
        'error.type': hasLeft ? 'CLIENT_CLOSED' : isError ? (notes.errorCode ?? String(status)) : undefined,
        'donna.trace_id': exchange.traceId === trace.traceId ? undefined : exchange.traceId,
        'donna.route': route?.name,
        'donna.stage': route?.stage,
        'donna.arm': notes.arm,
        'donna.served_by': notes.servedBy,
        'donna.cache': notes.cache,
        'donna.error_code': notes.errorCode,
      },
      isError,
    },
    ...callSpans({ timeline, method, parent: span, ownSpan, endedAt, newId }),
  ];
}

/** The spans of what was asked for a request besides. */
export function branchSpans({ kind, timeline, ended }: Branch, trace: RequestTrace): SpanFacts[] {
  if (ended === undefined) return [];
  const { method, ownSpan, newId } = trace;
  const id = newId();
  const isError = ended.status === undefined || ended.status >= 500;
  return [
    {
      name: BRANCHES[kind].name,
      kind: SpanKind.INTERNAL,
      id,
      parent: trace.span,
      from: timeline.startedAt,
      to: ended.at,
      attributes: {
        'donna.route': trace.route,
        'donna.arm': BRANCHES[kind].arm,
        'http.response.status_code': ended.status,
        'error.type': isError ? String(ended.status ?? '_OTHER') : undefined,
      },
      isError,
    },
    ...callSpans({ timeline, method, parent: id, ownSpan, endedAt: ended.at, newId }),
  ];
}

/** A joined socket lasts as long as it is used; its request is over when it is joined. */
function joinedAt({ sheet }: Timeline): number | undefined {
  const entries: readonly Entry[] = sheet === undefined ? [] : readEntries(sheet);
  return (
    entries.find(({ word }) => wordOfCode(word) === 'joined')?.from ??
    entries.findLast(({ depth }) => depth === 0)?.from
  );
}
