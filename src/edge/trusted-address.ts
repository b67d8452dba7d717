import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Who is at the other end, as far as it can be believed. */
export interface ClientAddress {
  /** IP address; from `X-Forwarded-For` only as far as trusted proxies vouch for it. */
  readonly address: string;
  readonly protocol: 'http' | 'https';
  /** The connection is a trusted proxy's. */
  readonly isByProxy?: true;
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
 * Walks `X-Forwarded-For`, or `Forwarded` (RFC 7239) where a proxy speaks that alone, from the right as long as each hop is
 * a trusted proxy; the first that is not is the client. A client cannot choose its address: what it wrote itself stands to
 * the left of what the trusted proxy appended.
 */
export function readClientAddress(req: IncomingMessage, isTrusted: TrustPredicate): ClientAddress {
  const peer = plainAddress(req.socket.remoteAddress ?? '');
  const ownProtocol = (req.socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http';
  if (!isTrusted(peer)) return { address: peer, protocol: ownProtocol };

  const { hops, proto, host } = readReport(req.headers);
  let address = peer;
  for (let i = hops.length - 1; i >= 0 && isTrusted(address); i--) {
    const hop = plainAddress(withoutPort((hops[i] ?? '').trim()));
    if (isIP(hop) === 0) break;
    address = hop;
  }
  const protocol = proto === 'https' ? 'https' : ownProtocol;
  return { address, protocol, isByProxy: true, ...(host === '' ? {} : { forwardedHost: host }) };
}

/** What the last proxy reports. Of `Forwarded` only when there is no X-Forwarded-For: who sets that passes the other on as it came. */
function readReport(headers: IncomingMessage['headers']): { hops: readonly string[]; proto: string; host: string } {
  const legacy = single(headers['x-forwarded-for']);
  const standard = headers.forwarded;
  if (legacy === '' && standard !== undefined) {
    const elements = standard.split(',');
    const last = elements.at(-1) ?? '';
    return {
      hops: elements.map((element) => parameter(element, 'for')),
      proto: parameter(last, 'proto'),
      host: parameter(last, 'host'),
    };
  }
  return {
    hops: legacy.split(','),
    proto: lastOf(single(headers['x-forwarded-proto'])),
    host: lastOf(single(headers['x-forwarded-host'])),
  };
}

/** One parameter of a Forwarded element, lower case and without quotes; ''. */
function parameter(element: string, name: string): string {
  for (const pair of element.split(';')) {
    const equals = pair.indexOf('=');
    if (equals === -1 || pair.slice(0, equals).trim().toLowerCase() !== name) continue;
    return pair
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .toLowerCase();
  }
  return '';
}

/** `192.0.2.1:4711` and `[2001:db8::1]:4711`, as some proxies write them, without the port. */
function withoutPort(hop: string): string {
  const match = /^(?:\[([^\]]+)\]|(\d+(?:\.\d+){3}))(?::\d+)?$/.exec(hop);
  return match?.[1] ?? match?.[2] ?? hop;
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

/** One spelling per address: IPv4-mapped IPv6 (`::ffff:127.0.0.1`) as IPv4, IPv6 compressed and without a zone. */
export function plainAddress(address: string): string {
  const bare = address.includes('%') ? address.slice(0, address.indexOf('%')) : address;
  if (isIP(bare) !== 6) return bare;
  const plain = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain);
  if (mapped === null) return plain;
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
