import { type Identity, MAX_TOKEN_LIFE_S } from '../identity.js';

/**
 * Seconds that the clock of who issued a token may be ahead of ours (`nbf`, `iat`). `exp` has no leeway: a token that is
 * over is renewed, and its life is not for us to lengthen.
 */
export const LEEWAY_S = 30;

const MAX_TEXT = 255;
/** RFC 5321, section 4.5.3.1: 64 octets, `@`, 255 octets. */
const MAX_EMAIL = 320;
const MAX_ROLES = 64;
const MAX_ROLE = 64;

/** An identity by a token, which always tells of the token. */
export type TokenIdentity = Identity & Required<Pick<Identity, 'token'>>;

type Claims = Readonly<Record<string, unknown>>;

/**
 * Reads who a token speaks for (contract, section 4): `sub` and `exp` required; `roles` an array of strings, `role` accepted as
 * a single one. Undefined when a claim is missing, of a wrong type, out of its bounds, or the token is not valid now.
 * `iss` and `aud` are not looked at. An e-mail address that its issuer calls unverified is left out, as are texts too long to pass on.
 */
export function readAccessClaims(claims: Claims): TokenIdentity | undefined {
  const { sub, jti, sid, iat, exp, email, name } = claims;
  const roles = readRoles(claims);
  if (!isText(sub, MAX_TEXT) || roles === undefined || !isValidNow(claims)) return undefined;
  if (!isTextOrAbsent(jti) || !isTextOrAbsent(sid)) return undefined;
  return {
    subject: sub,
    roles,
    via: 'jwt',
    ...(isText(email, MAX_EMAIL) && isEmailVerified(claims) ? { email } : {}),
    ...(isText(name, MAX_TEXT) ? { name } : {}),
    token: {
      ...(jti === undefined ? {} : { id: jti }),
      ...(sid === undefined ? {} : { sessionId: sid }),
      ...(typeof iat === 'number' ? { issuedAt: iat } : {}),
      expiresAt: Number(exp),
    },
  };
}

/** Whether a token is within its life by its own words; asked before its signature costs anything, and again after. */
export function isValidNow({ exp, nbf, iat }: Claims): boolean {
  const now = Date.now() / 1000;
  return (
    isTime(exp) &&
    exp > now &&
    exp <= now + MAX_TOKEN_LIFE_S &&
    (nbf === undefined || (isTime(nbf) && nbf <= now + LEEWAY_S)) &&
    (iat === undefined || (isTime(iat) && iat <= now + LEEWAY_S))
  );
}

function readRoles({ roles, role }: Claims): readonly string[] | undefined {
  const listed = roles ?? (role === undefined ? [] : [role]);
  if (!Array.isArray(listed) || listed.length > MAX_ROLES) return undefined;
  return listed.every((item): item is string => isText(item, MAX_ROLE)) ? listed : undefined;
}

function isEmailVerified({ email_verified: verified }: Claims): boolean {
  return verified !== false && verified !== 'false';
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || isText(value, MAX_TEXT);
}

/** Control characters and halves of surrogate pairs are no text: what is behind the gateway may cut or replace them. */
function isText(value: unknown, maxCharacters: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxCharacters && !/[\p{Cc}\p{Cs}]/u.test(value);
}
