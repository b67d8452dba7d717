import { readAddress } from '../../config/index.js';
import { isText } from '../../contract/index.js';
import { checkAttachments } from './check-attachments.js';
import type { Mail, MailAttachment } from './mail.js';

const MAX_RECIPIENTS = 20;
/** Characters. */
const MAX_SUBJECT = 200;
const MAX_BODY = 200_000;
/** Whatever ends a line somewhere, and every other control character (C0, C1). */
const NOT_ONE_LINE = /[\p{Cc}\u2028\u2029]/u;

export type CheckedMail = { readonly mail: Mail } | { readonly faults: Readonly<Record<string, string>> };

/**
 * Holds a mail against every bound, whoever wrote it: nothing in it can add a header, a recipient or a command of SMTP, or name a file
 * or an address to read from. What is not known here is left out. Addresses come back with their host names in ASCII.
 */
export function checkMail(value: unknown): CheckedMail {
  const fields = fieldsOf(value);
  const faults: Record<string, string> = {};
  const recipients = readRecipients(fields['to']);
  if (recipients === undefined)
    faults['to'] = `must be 1 to ${MAX_RECIPIENTS} e-mail addresses, one an entry, without names`;
  const subject = fields['subject'];
  // Of blanks alone the mail would have no subject at all.
  if (!isText(subject, 1, MAX_SUBJECT, false) || NOT_ONE_LINE.test(subject as string) || !/\S/.test(subject as string))
    faults['subject'] = `must be one line of 1 to ${MAX_SUBJECT} characters, not of blanks alone`;
  const bodies: { text?: string; html?: string } = {};
  for (const name of ['text', 'html'] as const) {
    const body = fields[name];
    if (body === undefined || body === null) continue;
    if (isText(body, 1, MAX_BODY, true)) bodies[name] = body as string;
    else faults[name] = `must be text of 1 to ${MAX_BODY} characters`;
  }
  if (fields['text'] == null && fields['html'] == null) faults['text'] = 'is required, unless there is html';
  const replyTo = fields['replyTo'] ?? undefined;
  const answerTo = typeof replyTo === 'string' ? readAddress(replyTo) : undefined;
  if (replyTo !== undefined && answerTo === undefined) faults['replyTo'] = 'must be one e-mail address without a name';
  const attachments = checkAttachments(fields['attachments'] ?? undefined);
  if (typeof attachments === 'string') faults['attachments'] = attachments;
  if (Object.keys(faults).length > 0) return { faults };
  return {
    mail: {
      to: recipients ?? [],
      subject: subject as string,
      ...bodies,
      ...(answerTo === undefined ? {} : { replyTo: answerTo }),
      ...(attachments === undefined ? {} : { attachments: attachments as readonly MailAttachment[] }),
    },
  };
}

/** Each once, in their order. */
function readRecipients(value: unknown): readonly string[] | undefined {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (entries.length === 0 || entries.length > MAX_RECIPIENTS) return undefined;
  const addresses = entries.map((entry) => (typeof entry === 'string' ? readAddress(entry) : undefined));
  const known = addresses.filter((address) => address !== undefined);
  return known.length === addresses.length ? [...new Set(known)] : undefined;
}

/** Own members alone. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}
