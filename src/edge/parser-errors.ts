import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import { type ErrorCode, errorEnvelope, GatewayError } from '../contract/index.js';
import { traceFrom } from '../trace/index.js';

interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

/**
 * Answers what Node's HTTP parser refuses (server event `clientError`) with the envelope, then ends the connection.
 * Nothing of what the client sent is repeated or logged.
 */
export function answerParserError(
  error: ParserError,
  socket: Socket,
  onAnswer: (code: ErrorCode, traceId: string) => void,
): void {
  if (socket.destroyed || !socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const refusal = new GatewayError(codeOf(error));
  const { traceId } = traceFrom(undefined, undefined);
  const body = errorEnvelope(refusal, traceId);
  onAnswer(refusal.code, traceId);
  socket.end(
    [
      `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Error'}`,
      'Content-Type: application/json; charset=utf-8',
      'Cache-Control: no-store',
      'X-Content-Type-Options: nosniff',
      `X-Trace-Id: ${traceId}`,
      'Connection: close',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
  // A peer that does not close after its answer is not waited for.
  setTimeout(() => socket.destroy(), 1000).unref();
}

function codeOf(error: ParserError): ErrorCode {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return isInRequestLine(error.rawPacket) ? 'URI_TOO_LONG' : 'HEADERS_TOO_LARGE';
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 'PAYLOAD_TOO_LARGE';
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'REQUEST_TIMEOUT';
    default:
      return 'BAD_REQUEST';
  }
}

/** The overflow happened before the request line's end: it is the address that is too long. */
function isInRequestLine(packet: Buffer | undefined): boolean {
  return packet !== undefined && !packet.includes('\n');
}
