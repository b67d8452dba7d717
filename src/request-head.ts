import { GatewayError } from './contract/index.js';
import { checkRequestHead, isValidAuthority } from './edge/index.js';
import { parseRequestTarget, resolvePath } from './routing/index.js';
import type { Exchange } from './trace/index.js';

/** A path as it is matched against the route table. */
export type ServedPath = Extract<ReturnType<typeof resolvePath>, { kind: 'path' }>;

/**
 * Establishes path, query and public authority of an exchange; refuses what cannot be read in one way only.
 * `ownVia`: the name of this process in `Via`, by which a circle is known.
 */
export function readHead(exchange: Exchange, ownVia: string): ServedPath | GatewayError {
  const { req } = exchange;
  const fault = checkRequestHead(req);
  if (fault !== undefined) return fault;
  if (req.headers.via?.includes(ownVia) === true) {
    return new GatewayError('UPSTREAM_BAD_ANSWER', {
      error: 'The gateway’s upstream is the gateway itself: check REMOTE_PHP_BASE.',
    });
  }
  const target = parseRequestTarget(req.url ?? '', exchange.method);
  if (target.kind === 'refused') return malformed(target.reason);
  // RFC 9112, section 3.2.2: the target's authority stands above Host; both below what a trusted proxy reports.
  exchange.authority = exchange.client.forwardedHost ?? target.authority ?? req.headers.host ?? 'localhost';
  if (!isValidAuthority(exchange.authority)) return malformed('The Host is malformed.');
  const path = resolvePath(target.pathAndQuery);
  if (path.kind === 'refused') return malformed(path.reason);
  exchange.path = target.pathAndQuery.slice(0, target.pathAndQuery.length - path.search.length);
  exchange.search = path.search;
  return path;
}

function malformed(error: string): GatewayError {
  return new GatewayError('BAD_REQUEST', { error, closeConnection: true });
}
