import type { Exchange } from './exchange.js';
import { type Logger, writeKnownSafe } from './logger.js';

/**
 * Writes one line per request when its answer is done or its client is gone.
 * No query, no header, no body, no address: only what names the route and tells how it went. So it is safe as it is, and is not searched.
 * @returns the status that stands there: 499 when the client left
 */
export function logAccess(logger: Logger, exchange: Exchange, isUnfinished: boolean): number {
  const { res, notes } = exchange;
  // An answer that was begun and then given up for an error was cut by the gateway: its client did not leave.
  const wasCut = isUnfinished && !res.writableEnded && notes.errorCode !== undefined;
  const clientLeft = isUnfinished && !wasCut;
  const status = clientLeft ? 499 : res.statusCode;
  const line = {
    traceId: exchange.traceId,
    method: exchange.method,
    route: exchange.route?.name ?? null,
    stage: exchange.route?.stage ?? null,
    status,
    ms: round(performance.now() - exchange.startedAt),
    ...notes,
    ...(clientLeft ? { errorCode: 'CLIENT_CLOSED' } : {}),
    ...(wasCut ? { wasCut } : {}),
  };
  const level = status >= 500 || wasCut ? 'warn' : 'info';
  // A subject is whatever an identity provider made of it.
  if (notes.chosenBy === undefined) writeKnownSafe(logger, level, line, 'request');
  else logger[level](line, 'request');
  return status;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
