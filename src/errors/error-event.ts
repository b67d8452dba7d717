import { randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import type { ErrorEvent, Exception, StackFrame } from '@sentry/core';
import type { CleanError } from '../privacy/index.js';
import type { ErrorFacts } from './error-reports.js';

/** As W3C has it. Clients may choose others: what they have written there is not handed on to a third party. */
const W3C_TRACE_ID = /^[0-9a-f]{32}$/;
const FRAME = /^at (?:(.{1,160}) \()?(.{1,400}?):(\d{1,7}):(\d{1,7})\)?$/;

/** What an event says of where it comes from. */
export interface Origin {
  readonly release: string;
  readonly environment: string;
  /** Absolute; files below it are told relative to it, others by their name. */
  readonly root: string;
}

/**
 * An error as it leaves the house: class, code, cleaned message, places in the program, names of route and stage, the trace id. Nothing
 * of a request, a person or a machine; all of it has been through `src/privacy`.
 */
export function toErrorEvent(
  error: CleanError,
  { kind, traceId: named, route, stage }: ErrorFacts,
  { release, environment, root }: Origin,
  suppressed: number,
): ErrorEvent {
  const traceId = named !== undefined && W3C_TRACE_ID.test(named) ? named : undefined;
  return {
    type: undefined,
    level: kind === 'end' ? 'fatal' : 'error',
    platform: 'node',
    release,
    environment,
    exception: { values: exceptionsOf(error, root) },
    tags: {
      kind,
      errorCode: 'INTERNAL',
      ...(route === undefined ? {} : { route }),
      ...(stage === undefined ? {} : { stage }),
      ...(traceId === undefined ? {} : { traceId }),
      ...(error.code === undefined ? {} : { code: error.code }),
    },
    ...(traceId === undefined
      ? {}
      : { contexts: { trace: { trace_id: traceId, span_id: randomBytes(8).toString('hex') } } }),
    ...(suppressed > 0 ? { extra: { heldBack: suppressed } } : {}),
  };
}

/** The cause first, as Sentry wants it. */
function exceptionsOf(error: CleanError, root: string): Exception[] {
  const { type, message, at = [], cause } = error;
  const frames = at.map((line) => toFrame(line, root)).toReversed();
  const own: Exception = {
    type,
    ...(message === undefined ? {} : { value: message }),
    ...(frames.length > 0 ? { stacktrace: { frames } } : {}),
  };
  return [...(cause === undefined ? [] : exceptionsOf(cause, root)), own];
}

function toFrame(line: string, root: string): StackFrame {
  const [, name, place = '', lineNumber, column] = FRAME.exec(line) ?? [];
  if (lineNumber === undefined) return { filename: '[unknown]', in_app: false };
  const filename = bareFile(place, root);
  return {
    filename,
    ...(name === undefined ? {} : { function: name }),
    lineno: Number(lineNumber),
    colno: Number(column),
    in_app: filename.startsWith('app:///') && !filename.includes('node_modules/'),
  };
}

/** Where the program lies on its machine is nobody's business. */
function bareFile(place: string, root: string): string {
  if (place.startsWith('node:')) return place;
  for (const base of [`${pathToFileURL(root).href}/`, `${root}/`])
    if (place.startsWith(base)) return `app:///${place.slice(base.length)}`;
  return `[elsewhere]/${place.slice(place.lastIndexOf('/') + 1)}`;
}
