import { createHmac } from 'node:crypto';

export interface TokenRequest {
  readonly subject: string;
  readonly roles: readonly string[];
  readonly email?: string;
  /** Seconds. */
  readonly lifeS: number;
  readonly issuer?: string;
  readonly audience?: string;
}

/** Makes an access token (RFC 7519, HS256) for development, smokes and tests. */
export function makeAccessToken(secret: string, request: TokenRequest): string {
  const now = Math.floor(Date.now() / 1000);
  const { subject, roles, email, lifeS, issuer, audience } = request;
  const claims = {
    sub: subject,
    roles,
    ...(email === undefined ? {} : { email }),
    ...(issuer === undefined ? {} : { iss: issuer }),
    ...(audience === undefined ? {} : { aud: audience }),
    iat: now,
    exp: now + lifeS,
  };
  const signed = [{ alg: 'HS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
