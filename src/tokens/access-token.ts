import { createHmac } from 'node:crypto';

/** What an access token is to say. Texts of at most 255 characters, at most 64 roles of 64: more does not verify. */
export interface TokenRequest {
  readonly subject: string;
  readonly roles: readonly string[];
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  /** Seconds from now to `exp`. */
  readonly lifeS: number;
  /** `iss`, `aud`: what `JWT_ISSUER` and `JWT_AUDIENCE` say, where they say something. */
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** `jti`: the token can be revoked by it. */
  readonly id?: string | undefined;
  /** `sid`: the sign-in that the token comes from; all its tokens can be revoked together. */
  readonly sessionId?: string | undefined;
}

const HEADER = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url');

/** Makes an access token (RFC 7519, HS256) that `JwtVerifier` accepts: for sign-ins, and for smokes and tests. */
export function makeAccessToken(secret: string, request: TokenRequest): string {
  const iat = Math.floor(Date.now() / 1000);
  const { subject, roles, email, name, lifeS, issuer, audience, id, sessionId } = request;
  // JSON leaves out what is undefined.
  const claims = {
    sub: subject,
    roles,
    email,
    name,
    iss: issuer,
    aud: audience,
    jti: id,
    sid: sessionId,
    iat,
    exp: iat + lifeS,
  };
  const signed = `${HEADER}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
