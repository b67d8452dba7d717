import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, errorEnvelope, GatewayError } from '../contract/index.js';
import { traceFrom } from '../trace/index.js';
import { HEAD_LIMITS } from './request-hygiene.js';
import { computeSecurityHeaders } from './security-headers.js';

/** What Node's server event `clientError` reports. */
export interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

/** What every answer of the gateway's own has. Of bytes that are no request nobody knows whether they came over TLS. */
const { overHttp: SECURITY } = computeSecurityHeaders({ mode: 'enforce' });
const SECURITY_LINES = SECURITY.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${SECURITY[i + 1] ?? ''}`] : []));

/** Milliseconds for which a peer may read its answer before the connection is cut. */
const FAREWELL_MS = 1000;

/** What the client is told of bytes that are no request; undefined for a fault of the connection, which nobody can be told of. */
export function refusalOf(error: ParserError): GatewayError | undefined {
  const code = codeOf(error);
  return code === undefined ? undefined : new GatewayError(code, { closeConnection: true });
}

/**
 * Answers what Node's HTTP parser refuses with the envelope, then ends the connection; to be called when no other answer
 * is under way on it. Nothing of what the client sent is repeated or logged.
 */
export function answerParserError(
  refusal: GatewayError,
  socket: Socket,
  onAnswer: (code: ErrorCode, traceId: string) => void,
): void {
  if (socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const { traceId } = traceFrom(undefined, undefined);
  const body = errorEnvelope(refusal, traceId);
  onAnswer(refusal.code, traceId);
  socket.end(
    [
      `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Error'}`,
      'Content-Type: application/json; charset=utf-8',
      'Cache-Control: no-store',
      ...SECURITY_LINES,
      `X-Trace-Id: ${traceId}`,
      'Connection: close',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
  // A peer that does not close after its answer is not waited for.
  setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
}

function codeOf(error: ParserError): ErrorCode | undefined {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return isInRequestLine(error.rawPacket) ? 'URI_TOO_LONG' : 'HEADERS_TOO_LARGE';
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 'PAYLOAD_TOO_LARGE';
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'REQUEST_TIMEOUT';
    default:
      return error.code?.startsWith('HPE_') === true ? 'BAD_REQUEST' : undefined;
  }
}

/** The overflow happened in the request line, or in one that alone is too long: it is the address that is too long. */
function isInRequestLine(packet: Buffer | undefined): boolean {
  if (packet === undefined) return false;
  const end = packet.indexOf('\n');
  return end === -1
    ? !packet.includes(': ')
    : end > HEAD_LIMITS.urlBytes && /^[A-Z]+ /.test(packet.toString('latin1', 0, 8));
}
