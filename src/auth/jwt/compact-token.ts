import { isUtf8 } from 'node:buffer';

const MAX_TOKEN_CHARACTERS = 4096;
const MAX_KID_CHARACTERS = 256;
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;
/** RFC 7519, section 5.1, and RFC 9068, section 2.1; case and `application/` do not count (RFC 7515, section 4.1.9). */
const TYPE = /^(?:application\/)?(?:at\+)?jwt$/i;

/** What a token claims to be, before anything of it is believed. */
export interface CompactToken {
  readonly alg: string;
  /** Opaque: compared, never a path, a query or a property name. */
  readonly kid: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Takes a compact JWS (RFC 7515, section 7.1) apart, strictly: one spelling for one token. Undefined for what is longer than
 * 4,096 characters, is not canonical base64url, names a member twice, is of another type (such as the gateway's own
 * assertions), or asks for extensions (`crit`, `b64`). What points to keys (`jwk`, `jku`, `x5c`, `x5u`) is not looked at.
 */
export function readCompactToken(token: string): CompactToken | undefined {
  const parts = token.length > MAX_TOKEN_CHARACTERS ? null : COMPACT.exec(token);
  if (parts === null || decode(parts[3] ?? '') === undefined) return undefined;
  const header = readObject(parts[1] ?? '');
  const claims = readObject(parts[2] ?? '');
  if (header === undefined || claims === undefined) return undefined;
  const { alg, kid, typ } = header;
  if (typeof alg !== 'string' || 'crit' in header || 'b64' in header) return undefined;
  if (typ !== undefined && (typeof typ !== 'string' || !TYPE.test(typ))) return undefined;
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > MAX_KID_CHARACTERS)) return undefined;
  return { alg, kid, claims };
}

function readObject(part: string): Record<string, unknown> | undefined {
  const bytes = decode(part);
  if (bytes === undefined || !isUtf8(bytes)) return undefined;
  const text = bytes.toString();
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return namesMemberTwice(text) ? undefined : (value as Record<string, unknown>);
  } catch {
    return undefined;
  }
}

/** The bytes of base64url; undefined for a second spelling of them: bits that do not count at the end, a lone character. */
function decode(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

/** Whether the object that a valid JSON text holds has a member twice: readers differ in which one they believe (RFC 8259, section 4). */
function namesMemberTwice(json: string): boolean {
  const names = new Set<string>();
  let depth = 0;
  let last = '';
  for (const [piece] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (piece === '{' || piece === '[') depth++;
    else if (piece === '}' || piece === ']') depth--;
    else if (piece !== ':') last = piece;
    else if (depth === 1) {
      const name = JSON.parse(last) as string;
      if (names.has(name)) return true;
      names.add(name);
    }
  }
  return false;
}
