/** A request target (RFC 9112, section 3.2) in the parts that the gateway needs. */
export type RequestTarget =
  | { readonly kind: 'target'; readonly pathAndQuery: string; readonly authority: string | undefined }
  | { readonly kind: 'refused'; readonly reason: string };

const ABSOLUTE_FORM = /^https?:\/\/([^/?#@]+)([/?][^#]*)?$/i;

/** Reads the origin-form, and the absolute-form whose authority then stands above Host; `*` is for OPTIONS only. */
export function parseRequestTarget(raw: string, method: string): RequestTarget {
  if (raw.includes('#'))
    return { kind: 'refused', reason: 'The request target must not have a fragment: write "#" as %23.' };
  if (raw.startsWith('/')) return { kind: 'target', pathAndQuery: raw, authority: undefined };
  if (raw === '*' && method === 'OPTIONS') return { kind: 'target', pathAndQuery: '/', authority: undefined };
  const absolute = ABSOLUTE_FORM.exec(raw);
  if (absolute === null)
    return { kind: 'refused', reason: 'The request target must be a path that begins with a slash.' };
  const rest = absolute[2] ?? '/';
  return { kind: 'target', pathAndQuery: rest.startsWith('?') ? `/${rest}` : rest, authority: absolute[1] };
}
