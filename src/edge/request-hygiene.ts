import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../contract/index.js';

/** Bounds of a request's head. Node's parser holds the sum of the header bytes (`maxHeaderSize`) besides. */
export const HEAD_LIMITS = { urlBytes: 8192, headerCount: 100, headerBytes: 16_384 } as const;

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const VALID_AUTHORITY = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/;

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

/** Fields that may stand once only: of two, the gateway and PHP's server could each believe another one. */
const SINGLE = new Set([
  'host',
  'content-length',
  'content-type',
  'authorization',
  'expect',
  'transfer-encoding',
  'x-csrf-token',
  'sec-fetch-site',
]);
/** Most names are told apart by their length alone, without making them lower case. */
const SINGLE_LENGTHS = new Set([...SINGLE].map((name) => name.length));

function checkHeaders(req: IncomingMessage): GatewayError | undefined {
  const raw = req.rawHeaders;
  if (raw.length > HEAD_LIMITS.headerCount * 2) return tooLarge();
  const seen = new Set<string>();
  let bytes = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const spelt = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    bytes += spelt.length + value.length + 4;
    if (value.includes('\n') || value.includes('\r')) return malformed('Folded header lines are not allowed.');
    if (!SINGLE_LENGTHS.has(spelt.length)) continue;
    const name = spelt.toLowerCase();
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) return malformed(`Send ${name} once only.`);
    if (name === 'transfer-encoding' && value.toLowerCase() !== 'chunked')
      return malformed('Only "Transfer-Encoding: chunked" is understood.');
    seen.add(name);
  }
  if (bytes > HEAD_LIMITS.headerBytes) return tooLarge();
  if (seen.has('transfer-encoding')) {
    if (seen.has('content-length')) return malformed('The length of the body is told more than once.');
    if (req.httpVersion === '1.0') return malformed('HTTP/1.0 knows no Transfer-Encoding.');
  }
  const { host } = req.headers;
  if (host === undefined) return req.httpVersion === '1.1' ? malformed('Send exactly one Host header.') : undefined;
  return isValidAuthority(host) ? undefined : malformed('The Host is malformed.');
}

/** Whether an authority (`host[:port]`) is well-formed: one that is not must reach neither PHP nor a redirect. */
export function isValidAuthority(authority: string): boolean {
  const match = authority.length <= 255 ? VALID_AUTHORITY.exec(authority) : null;
  return match !== null && Number(match[1] ?? 0) <= 65_535;
}

function tooLarge(): GatewayError {
  return new GatewayError('HEADERS_TOO_LARGE', { closeConnection: true });
}

function malformed(error: string): GatewayError {
  return new GatewayError('BAD_REQUEST', { error, closeConnection: true });
}
