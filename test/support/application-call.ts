import { createHash, createHmac, randomBytes } from 'node:crypto';
import { call, type CallAnswer } from './http-call.js';
import { IDENTITY_SECRET } from './test-gateway.js';

const encode = (bytes: Buffer | string): string => Buffer.from(bytes).toString('base64url');

/** `X-Gateway-Call` as legacy-php signs it; `claims` and `header` are merged over the usual ones. */
export function signApplicationCall(
  { method = 'POST', path, body }: { method?: string; path: string; body: string },
  claims: object = {},
  { header = {}, secret = IDENTITY_SECRET }: { header?: object; secret?: string } = {},
): string {
  const now = Math.floor(Date.now() / 1000);
  const signed = `${encode(JSON.stringify({ alg: 'HS256', typ: 'gateway-call+jwt', ...header }))}.${encode(
    JSON.stringify({
      iss: 'donna-php',
      aud: 'donna-gateway',
      jti: randomBytes(16).toString('hex'),
      htm: method,
      htu: path,
      bd: createHash('sha256').update(body).digest('base64url'),
      iat: now,
      exp: now + 60,
      ...claims,
    }),
  )}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const MAIL_PATH = '/api/internal/mail';

/** Hands a mail to a gateway as PHP does; `token` instead of a good one. */
export function postMail(origin: string, fields: object, token?: string): Promise<CallAnswer> {
  const body = JSON.stringify({ idempotency_key: randomBytes(8).toString('hex'), ...fields });
  return call(origin, MAIL_PATH, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-Gateway-Call': token ?? signApplicationCall({ path: MAIL_PATH, body }),
    },
    body,
  });
}
