/** What `pg` itself makes of a parameter; its types leave it out. */
declare module 'pg/lib/utils.js' {
  export function prepareValue(value: unknown): string | Uint8Array | null;
}
