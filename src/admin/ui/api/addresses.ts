/** From this page to the gateway's root, relative: whatever prefix another proxy has put before both. */
export const ROOT = document.querySelector<HTMLMetaElement>('meta[name="donna-root"]')?.content ?? '../';

export const TOKEN_URL = `${ROOT}api/auth/token`;
export const REVOKE_URL = `${ROOT}api/auth/revoke`;

/** An address of the admin API; each part is encoded. */
export function apiUrl(...parts: readonly string[]): string {
  return `./api/${parts.map(encodeURIComponent).join('/')}`;
}
