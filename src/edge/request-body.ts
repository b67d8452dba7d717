import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../contract/index.js';
import type { Exchange } from '../trace/index.js';
import { BodyPace } from './body-pace.js';

const CUT_SHORT = new GatewayError('BAD_REQUEST', { error: 'The body was cut short.', closeConnection: true });

/** What a route allows a body: its bytes, and milliseconds between two parts of it. */
export interface BodyBounds {
  readonly maxBodyBytes: number;
  readonly bodyIdleTimeoutMs: number;
}

/** Whether the request has a body, by its framing (RFC 9112, section 6). */
export function hasBody(req: IncomingMessage): boolean {
  return req.headers['transfer-encoding'] !== undefined || (req.headers['content-length'] ?? '0') !== '0';
}

/** Refuses a body that announces itself as too large before a byte of it is read, or whose `bytes` are known to be too many. */
export function checkAnnouncedLength(req: IncomingMessage, maxBytes: number, bytes?: number): GatewayError | undefined {
  return (bytes ?? Number(req.headers['content-length'] ?? 0)) > maxBytes ? bodyTooLarge(maxBytes) : undefined;
}

/** Reads the body whole, within the bound, without long pauses and not too slowly; the bytes as they came. */
export function readBody(exchange: Exchange, bounds: BodyBounds): Promise<GatewayError | undefined> {
  const { req, res } = exchange;
  const { maxBodyBytes: maxBytes, bodyIdleTimeoutMs: idleMs } = bounds;
  if (exchange.body !== undefined || !hasBody(req)) return Promise.resolve(undefined);
  if (req.destroyed && !req.complete) return Promise.resolve(CUT_SHORT);
  exchange.inviteBody();
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const pace = new BodyPace(req, idleMs, () =>
      finish(new GatewayError('REQUEST_TIMEOUT', { closeConnection: true })),
    );
    const finish = (refusal: GatewayError | undefined): void => {
      pace.stop();
      req.off('data', onData).off('end', onEnd).off('close', onClose);
      res.off('close', onClose);
      resolve(refusal);
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) {
        finish(bodyTooLarge(maxBytes));
        return;
      }
      if (pace.note(chunk.byteLength)) chunks.push(chunk);
    };
    const onEnd = (): void => {
      exchange.body = Buffer.concat(chunks, bytes);
      finish(undefined);
    };
    // The client left: there is nobody to answer, the answer's `close` tells the log.
    const onClose = (): void => finish(CUT_SHORT);
    req.on('data', onData).on('end', onEnd).on('close', onClose);
    // Bytes that are no body have been answered meanwhile: from then on Node tells of the end by the answer alone.
    res.once('close', onClose);
    req.on('error', () => undefined);
  });
}

/** The refusal of a body that is too large, whoever found that out: before its first byte, read whole, or on its way to PHP. */
export function bodyTooLarge(maxBytes: number): GatewayError {
  return new GatewayError('PAYLOAD_TOO_LARGE', {
    error: `The body is larger than the ${maxBytes} bytes that this address accepts.`,
  });
}
