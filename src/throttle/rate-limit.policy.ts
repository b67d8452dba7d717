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
      : `ip:${exchange.client.address}`;
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
