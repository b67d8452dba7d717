/** Seconds that an access token may still be valid when it is shown; one that claims more is refused. A revocation need not last longer. */
export const MAX_TOKEN_LIFE_S = 366 * 86_400;

/** What the access token that proved an identity says of itself. */
export interface TokenFacts {
  /** `jti`. */
  readonly id?: string;
  /** `sid`: the sign-in that the token comes from; shared by all tokens that were refreshed from it. */
  readonly sessionId?: string;
  /** `iat`, Unix seconds. */
  readonly issuedAt?: number;
  /** `exp`, Unix seconds. */
  readonly expiresAt: number;
}

/** Who calls, and how that was proved. */
export interface Identity {
  readonly subject: string;
  readonly roles: readonly string[];
  readonly via: 'jwt' | 'php-session';
  readonly email?: string;
  readonly name?: string;
  /** The PHP session's CSRF token: a cookie-borne write may prove itself with it. */
  readonly csrfToken?: string;
  /** With `via: jwt`. */
  readonly token?: TokenFacts;
}

/** Whether the identity has at least one of the roles; an empty list asks for none. */
export function hasAnyRole(identity: Identity, roles: readonly string[]): boolean {
  return roles.length === 0 || roles.some((role) => identity.roles.includes(role));
}
