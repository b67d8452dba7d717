import type { GatewayConfig } from '../config/index.js';

/** Settings that have no effect, or less than one might think: said aloud, so that nobody relies on them. */
export function settingsWithoutEffect({ flags, database, redis }: GatewayConfig): readonly string[] {
  const notes: string[] = [];
  if (flags.responseCache && database.url !== undefined && redis.url === undefined) {
    notes.push(
      'ENABLE_RESPONSE_CACHE keeps only what no write changes: instances hear of each other’s writes by REDIS_URL',
    );
  }
  return notes;
}
