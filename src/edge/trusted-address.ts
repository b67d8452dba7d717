import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Who is at the other end, as far as it can be believed. */
export interface ClientAddress {
  /** IP address; from `X-Forwarded-For` only as far as trusted proxies vouch for it. */
  readonly address: string;
  readonly protocol: 'http' | 'https';
  /** Public authority that a trusted proxy reports in `X-Forwarded-Host`. */
  readonly forwardedHost?: string;
}

/** Says whether an address belongs to a proxy whose forwarding headers are believed. */
export type TrustPredicate = (address: string) => boolean;

/** Compiles `TRUSTED_PROXIES` (addresses and CIDRs, validated by config) to a predicate. */
export function compileTrust(cidrs: readonly string[]): TrustPredicate {
  if (cidrs.length === 0) return () => false;
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', prefix] = cidr.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(address, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4');
  };
}

/**
 * Walks `X-Forwarded-For` from the right as long as each hop is a trusted proxy; the first that is not is the client.
 * A client cannot choose its address: what it wrote itself stands to the left of what the trusted proxy appended.
 */
export function readClientAddress(req: IncomingMessage, isTrusted: TrustPredicate): ClientAddress {
  const peer = plainAddress(req.socket.remoteAddress ?? '');
  const ownProtocol = (req.socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http';
  if (!isTrusted(peer)) return { address: peer, protocol: ownProtocol };

  const hops = single(req.headers['x-forwarded-for']).split(',');
  let address = peer;
  for (let i = hops.length - 1; i >= 0 && isTrusted(address); i--) {
    const hop = plainAddress((hops[i] ?? '').trim());
    if (isIP(hop) === 0) break;
    address = hop;
  }
  const protocol = lastOf(single(req.headers['x-forwarded-proto'])) === 'https' ? 'https' : ownProtocol;
  const host = lastOf(single(req.headers['x-forwarded-host']));
  return { address, protocol, ...(host === '' ? {} : { forwardedHost: host }) };
}

function single(value: string | string[] | undefined): string {
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}

function lastOf(list: string): string {
  return list
    .slice(list.lastIndexOf(',') + 1)
    .trim()
    .toLowerCase();
}

/** IPv4-mapped IPv6 addresses (`::ffff:127.0.0.1`) in their IPv4 spelling, so that one client has one address. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}
