/** Who calls, and how that was proved. */
export interface Identity {
  readonly subject: string;
  readonly roles: readonly string[];
  readonly via: 'jwt' | 'php-session';
  readonly email?: string;
  readonly name?: string;
  /** The PHP session's CSRF token: a cookie-borne write may prove itself with it. */
  readonly csrfToken?: string;
}

/** Whether the identity has at least one of the roles; an empty list asks for none. */
export function hasAnyRole(identity: Identity, roles: readonly string[]): boolean {
  return roles.length === 0 || roles.some((role) => identity.roles.includes(role));
}
