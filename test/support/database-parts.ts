import type { Logger } from '../../src/trace/index.js';
import { call } from './http-call.js';

/** A row of `stage_audit`, for tests that need any row. */
export const AUDIT_ROW = {
  route: 'a',
  from_stage: 'proxy',
  from_weight: 0,
  to_stage: 'mirror',
  to_weight: 0,
  by: 'x',
  reason: 'y',
} as const;

/** A route table with a health route, and no other. */
export const DATABASE_TABLE = `
policies: { authorization: { public: {} } }
routes: { health: { match: { path: /api/health }, handler: health, policies: { authorization: public } } }
`;

/** Keeps what a process would log. */
export function makeLog(): { readonly told: string[]; readonly logger: Logger } {
  const told: string[] = [];
  const keep = (...said: unknown[]): void => void told.push(JSON.stringify(said));
  return { told, logger: { info: keep, warn: keep, error: keep } as unknown as Logger };
}

/** What a gateway's health says of its database. */
export async function databaseOf(
  url: string,
): Promise<{ readonly status: string; readonly checks: { readonly database: string } }> {
  return (await call(url, '/api/health')).json() as { status: string; checks: { database: string } };
}
