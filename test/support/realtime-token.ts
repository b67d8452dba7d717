import { makeAccessToken } from '../../src/auth/index.js';
import { call, type CallAnswer } from './http-call.js';
import { JWT_SECRET, type TestGateway } from './test-gateway.js';

export const PATH = '/api/realtime/token';
export const JSON_TYPE = { 'Content-Type': 'application/json' };

let subjects = 0;
/** A caller whom no limit has counted yet. */
export function bearer(secret = JWT_SECRET, lifeS = 60): Record<string, string> {
  subjects += 1;
  const token = makeAccessToken(secret, { subject: `user-${subjects}`, roles: ['user'], lifeS });
  return { Authorization: `Bearer ${token}` };
}

/** Asks for a token; a body that is no text goes as JSON. */
export function post(
  gateway: TestGateway,
  headers: Record<string, string>,
  body?: object | string,
  path = PATH,
): Promise<CallAnswer> {
  if (body === undefined) return call(gateway.url, path, { method: 'POST', headers });
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return call(gateway.url, path, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: text });
}

/** Status and error code. */
export function outcome({ status, json }: CallAnswer): [number, unknown] {
  return [status, (json() as { errorCode?: unknown }).errorCode];
}
