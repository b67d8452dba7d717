import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../contract/index.js';

/** Bounds of a request's head. Node's parser holds the sum of the header bytes (`maxHeaderSize`) besides. */
export const HEAD_LIMITS = { urlBytes: 8192, headerCount: 100, headerBytes: 16_384 } as const;

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const VALID_AUTHORITY = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/**
 * Refuses a head that Node's parser lets through but that two servers could read differently:
 * Host missing, doubled or malformed, unknown versions and methods, folded lines, framing told twice (RFC 9112, sections 3.2, 5.2, 6.1).
 */
export function checkRequestHead(req: IncomingMessage): GatewayError | undefined {
  if (req.httpVersion !== '1.1' && req.httpVersion !== '1.0') return malformed('Use HTTP/1.1.');
  if (!KNOWN_METHODS.has(req.method ?? '')) {
    return new GatewayError('METHOD_NOT_ALLOWED', {
      headers: { Allow: [...KNOWN_METHODS].join(', ') },
      closeConnection: true,
    });
  }
  if ((req.url ?? '').length > HEAD_LIMITS.urlBytes) return new GatewayError('URI_TOO_LONG', { closeConnection: true });
  return checkHeaders(req);
}

function checkHeaders(req: IncomingMessage): GatewayError | undefined {
  const raw = req.rawHeaders;
  if (raw.length > HEAD_LIMITS.headerCount * 2) return tooLarge();
  let hosts = 0;
  let lengths = 0;
  let codings = 0;
  let bytes = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    bytes += name.length + value.length + 4;
    switch (name.length) {
      case 4:
        if (isNamed(name, 'host')) hosts++;
        break;
      case 14:
        if (isNamed(name, 'content-length')) lengths++;
        break;
      case 17:
        if (isNamed(name, 'transfer-encoding')) {
          codings++;
          if (value.toLowerCase() !== 'chunked') return malformed('Only "Transfer-Encoding: chunked" is understood.');
        }
        break;
    }
    if (value.includes('\n') || value.includes('\r')) return malformed('Folded header lines are not allowed.');
  }
  if (bytes > HEAD_LIMITS.headerBytes) return tooLarge();
  if (hosts > 1 || (hosts === 0 && req.httpVersion === '1.1')) return malformed('Send exactly one Host header.');
  if (lengths + codings > 1) return malformed('The length of the body is told more than once.');
  if (codings === 1 && req.httpVersion === '1.0') return malformed('HTTP/1.0 knows no Transfer-Encoding.');
  return undefined;
}

/** Whether an authority (`host[:port]`) is well-formed: one that is not must reach neither PHP nor a redirect. */
export function isValidAuthority(authority: string): boolean {
  return authority.length <= 255 && VALID_AUTHORITY.test(authority);
}

function isNamed(name: string, wanted: string): boolean {
  return name === wanted || name.toLowerCase() === wanted;
}

function tooLarge(): GatewayError {
  return new GatewayError('HEADERS_TOO_LARGE', { closeConnection: true });
}

function malformed(error: string): GatewayError {
  return new GatewayError('BAD_REQUEST', { error, closeConnection: true });
}
