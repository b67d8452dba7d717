import type { ThrottlerStorage } from '@nestjs/throttler';
import { GatewayError } from '../contract/index.js';
import type { RateLimitPolicy } from '../routing/index.js';
import type { Exchange } from '../trace/index.js';

/**
 * Counts the request against one limit; refuses with 429 past it.
 * Fields: `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), `Retry-After` in seconds.
 */
export async function countAgainst(
  policy: RateLimitPolicy,
  exchange: Exchange,
  storage: ThrottlerStorage,
): Promise<GatewayError | undefined> {
  const caller =
    policy.per === 'identity' && exchange.identity !== undefined
      ? `id:${exchange.identity.subject}`
      : `ip:${networkOf(exchange.client.address)}`;
  const { totalHits, isBlocked, timeToExpire } = await storage.increment(
    caller,
    policy.windowS * 1000,
    policy.limit,
    0,
    policy.name,
  );
  const remaining = Math.max(0, policy.limit - totalHits);
  exchange.setAnswerHeader('RateLimit-Policy', `"${policy.name}";q=${policy.limit};w=${policy.windowS}`);
  exchange.setAnswerHeader('RateLimit', `"${policy.name}";r=${remaining};t=${timeToExpire}`);
  if (!isBlocked) return undefined;
  return new GatewayError('RATE_LIMITED', { headers: { 'Retry-After': String(Math.max(1, timeToExpire)) } });
}

/** IPv6 callers count by their /64, the least that one subscriber holds: 2^64 addresses are not as many callers. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  return `${[...groups, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, 4).join(':')}::/64`;
}
