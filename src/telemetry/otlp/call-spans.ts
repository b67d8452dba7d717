import { type Entry, type Timeline, readEntries, wordOfCode } from '../../trace/index.js';
import { type SpanFacts, SpanKind } from './span-maker.js';

/** What the calls of one timeline are told of, and in whose name. */
export interface CallContext {
  readonly timeline: Timeline;
  readonly method: string;
  /** The span that they lie within. */
  readonly parent: string;
  /** The span of the request's own `traceparent`. */
  readonly ownSpan: string;
  /** Milliseconds of `performance.now()`: what has no end ended then, and what began later is left out. */
  readonly endedAt: number;
  readonly newId: () => string;
}

const DATABASE = 'database: ';
const NATIVE = 'native';
/** Parts of a call that are told as events of it: each by what happens when it begins. */
const EVENTS = new Map([
  ['php: headers', 'request sent'],
  ['php: body', 'first byte'],
]);

/** A span for each call that a timeline has noted: to PHP, to the database, of the native handler. */
export function callSpans(context: CallContext): SpanFacts[] {
  const { timeline, endedAt } = context;
  const entries = timeline.sheet === undefined ? [] : readEntries(timeline.sheet);
  const spans: SpanFacts[] = [];
  let parent = context.parent;
  for (const [i, entry] of entries.entries()) {
    if (entry.from > endedAt) continue;
    if (entry.depth === 0) {
      parent = context.parent;
      if (wordOfCode(entry.word) !== NATIVE) continue;
      const next = entries.slice(i + 1).find(({ depth }) => depth === 0);
      parent = context.newId();
      spans.push(nativeSpan(parent, context, entry.from, Math.min(next?.from ?? endedAt, endedAt)));
    } else if (entry.depth === 1) spans.push(callSpan(context, entry, parent, entries, i));
  }
  return spans;
}

function nativeSpan(id: string, { parent }: CallContext, from: number, to: number): SpanFacts {
  return { name: 'native handler', kind: SpanKind.INTERNAL, id, parent, from, to, attributes: {}, isError: false };
}

function callSpan(context: CallContext, entry: Entry, parent: string, entries: readonly Entry[], i: number): SpanFacts {
  const word = wordOfCode(entry.word);
  const { from } = entry;
  const to = Math.min(entry.to ?? context.endedAt, context.endedAt);
  if (word.startsWith(DATABASE)) return databaseSpan(word.slice(DATABASE.length), entry, { from, to, parent }, context);
  const { place } = entry;
  const { timeline, ownSpan } = context;
  const id = place === timeline.ownCall ? ownSpan : (timeline.otherCalls?.get(place) ?? context.newId());
  const [target = '', noted] = wordOfCode(entry.note)
    .replace(/^target /, '')
    .split(', ');
  const fault = noted ?? (entry.to === undefined ? 'unfinished' : undefined);
  const next = entries.findIndex(({ depth }, at) => at > i && depth < 2);
  const parts = entries.slice(i + 1, next < 0 ? undefined : next).filter(({ depth }) => depth === 2);
  const status = Number(parts.map(({ note }) => wordOfCode(note)).find((note) => /^\d{3}$/.test(note)));
  // The same request once more, on another connection.
  const earlier = word === 'php' ? entries.slice(0, i).filter((other) => other.word === entry.word).length : 0;
  return {
    // Neither address nor path: `peer.service` tells which target it was.
    name: word === 'php' ? context.method : word,
    kind: SpanKind.CLIENT,
    id,
    parent,
    from,
    to,
    attributes: {
      ...(word === 'php' ? { 'http.request.method': context.method } : {}),
      'peer.service': target === '' ? undefined : target,
      'http.response.status_code': Number.isNaN(status) ? undefined : status,
      'http.request.resend_count': earlier === 0 ? undefined : earlier,
      'error.type': fault ?? (status >= 400 ? String(status) : undefined),
    },
    isError: fault !== undefined || status >= 400,
    events: parts.flatMap(({ word: part, from: at }) => {
      const name = EVENTS.get(wordOfCode(part));
      return name === undefined ? [] : [{ name, at }];
    }),
  };
}

function databaseSpan(
  statement: string,
  { note }: Entry,
  place: Pick<SpanFacts, 'from' | 'to' | 'parent'>,
  { newId }: CallContext,
): SpanFacts {
  const [operation, table] = statement.split(' ');
  const isError = note !== 0;
  return {
    ...place,
    name: statement,
    kind: SpanKind.CLIENT,
    id: newId(),
    attributes: {
      'db.system.name': 'postgresql',
      'db.operation.name': operation,
      'db.collection.name': table,
      'error.type': isError ? '_OTHER' : undefined,
    },
    isError,
  };
}
