import type { Identity, JwtVerifier } from '../../auth/index.js';
import { parseFrame, readFrameType } from '../protocol/index.js';

/** What the first frame of a socket has shown. */
export type Authentication =
  | { readonly kind: 'identified'; readonly identity: Identity; readonly token: string }
  | { readonly kind: 'bad-token' }
  /** No `authenticate`. */
  | { readonly kind: 'another-frame' }
  /** Nobody can tell at the moment: the published keys cannot be had. */
  | { readonly kind: 'unknown' };

/** Reads the first frame and verifies its token, as that of any request is. Never throws. */
export async function authenticate(frame: Buffer, jwt: Pick<JwtVerifier, 'verify'>): Promise<Authentication> {
  const type = readFrameType(frame);
  if (type.kind !== 'typed' || type.type !== 'authenticate') return { kind: 'another-frame' };
  const token = parseFrame(frame)?.['token'];
  if (typeof token !== 'string') return { kind: 'bad-token' };
  try {
    const identity = await jwt.verify(token);
    return identity === undefined ? { kind: 'bad-token' } : { kind: 'identified', identity, token };
  } catch {
    return { kind: 'unknown' };
  }
}

/** Whether a token still holds: it has not expired, was not revoked, and its key is still published. */
export async function stillHolds(token: string, jwt: Pick<JwtVerifier, 'verify'>): Promise<boolean> {
  try {
    return (await jwt.verify(token)) !== undefined;
  } catch {
    // It held before, and nobody can tell now; its expiry is watched besides.
    return true;
  }
}
