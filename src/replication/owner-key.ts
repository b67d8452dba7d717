import { createHash } from 'node:crypto';

/** What both sides name an owner by: the first 40 hex digits of the SHA-256 of the subject, as PHP names its files. */
export function ownerKey(subject: string): string {
  return createHash('sha256').update(subject).digest('hex').slice(0, 40);
}
