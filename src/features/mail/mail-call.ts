import { GatewayError } from '../../contract/index.js';

/** Visible characters (RFC 9110, section 5.5, without blanks). */
const KEY = /^[\u0021-\u007e]{1,128}$/;
const MAX_OWNER = 256;
const KNOWN = new Set(['idempotency_key', 'owner', 'to', 'subject', 'text', 'html', 'reply_to', 'attachments']);

/** What PHP sends, taken apart; the mail itself is not looked at yet. */
export interface MailCall {
  readonly mail: unknown;
  readonly idempotencyKey: string;
  readonly owner: string | undefined;
}

/** @throws GatewayError VALIDATION_FAILED */
export function readMailCall(body: unknown): MailCall {
  const fields = typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : {};
  const faults: Record<string, string> = {};
  for (const name of Object.keys(fields)) if (!KNOWN.has(name)) faults[name.slice(0, 64)] = 'is not known here';
  const {
    idempotency_key: key,
    owner,
    reply_to: replyTo,
    attachments,
    ...mail
  } = fields as Readonly<Record<string, unknown>>;
  if (typeof key !== 'string' || !KEY.test(key)) faults['idempotency_key'] = 'must be 1 to 128 visible characters';
  if (owner != null && (typeof owner !== 'string' || owner === '' || owner.length > MAX_OWNER))
    faults['owner'] = 'must be the id of a user';
  if (Object.keys(faults).length > 0)
    throw new GatewayError('VALIDATION_FAILED', {
      validationErrors: Object.fromEntries(Object.entries(faults).slice(0, 50)),
    });
  return {
    mail: { ...mail, replyTo, attachments: Array.isArray(attachments) ? attachments.map(toAttachment) : attachments },
    idempotencyKey: key as string,
    owner: (owner ?? undefined) as string | undefined,
  };
}

function toAttachment(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { filename, content_type: contentType, content } = value as Readonly<Record<string, unknown>>;
  return { filename, contentType, content };
}
