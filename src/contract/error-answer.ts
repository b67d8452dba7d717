import type { Exchange } from '../trace/index.js';
import { discardBody, discardBodyAndClose } from './discard-body.js';
import type { GatewayError } from './error-catalogue.js';

/** The error envelope of contract section 1 as JSON text. */
export function errorEnvelope(error: GatewayError, traceId: string): string {
  return JSON.stringify({
    success: false,
    traceId,
    error: error.message,
    errorCode: error.code,
    ...(error.validationErrors === undefined ? {} : { validationErrors: error.validationErrors }),
  });
}

/** The same facts as RFC 9457 problem details, with `traceId` as an extension. */
export function problemDetails(error: GatewayError, traceId: string): string {
  return JSON.stringify({
    type: 'about:blank',
    title: error.message,
    status: error.status,
    success: false,
    traceId,
    errorCode: error.code,
    ...(error.validationErrors === undefined ? {} : { validationErrors: error.validationErrors }),
  });
}

/**
 * Answers the exchange with an error, once: when the headers are out already the connection is cut instead,
 * so that the client sees a truncated answer and not a mended one.
 */
export function answerWithError(exchange: Exchange, error: GatewayError): void {
  const { req, res } = exchange;
  exchange.notes.errorCode = error.code;
  if (res.headersSent) {
    res.destroy();
    return;
  }
  if (res.destroyed) return;
  for (const name of res.getHeaderNames()) res.removeHeader(name);
  const asProblem = wantsProblem(req.headers.accept);
  const body = Buffer.from(
    asProblem ? problemDetails(error, exchange.traceId) : errorEnvelope(error, exchange.traceId),
  );
  const headers = [...exchange.answerHeaders];
  for (const [name, value] of Object.entries(error.headers)) headers.push(name, value);
  headers.push('Content-Type', asProblem ? 'application/problem+json' : 'application/json; charset=utf-8');
  headers.push('Cache-Control', 'no-store');
  headers.push('Content-Length', String(body.byteLength));
  // A client that waited for 100 Continue may send its body or not: only an ended connection is unambiguous.
  const isAnnounced = exchange.answerHeaders.includes('Connection');
  const closes = isAnnounced || error.closeConnection || (exchange.expectsContinue && !req.complete);
  if (closes && !isAnnounced) headers.push('Connection', 'close');
  if (!req.complete) {
    if (closes) discardBodyAndClose(req);
    else discardBody(req);
  }
  res.writeHead(error.status, headers);
  res.end(req.method === 'HEAD' ? undefined : body);
}

/** Whether `Accept` names problem details (RFC 9457, section 3) and does not refuse them with `q=0`. */
export function wantsProblem(accept: string | undefined): boolean {
  if (accept === undefined || !accept.includes('problem+json')) return false;
  return accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    return type === 'application/problem+json' && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}
