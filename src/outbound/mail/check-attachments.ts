import type { MailAttachment } from './mail.js';

const MAX_ATTACHMENTS = 5;
/** Bytes of all attachments of a mail. */
const MAX_BYTES = 5 * 1024 * 1024;
/** A name without a path, control characters, quotes or characters that turn the direction of writing. */
const NAME = /^(?![. ])[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}/\\:*?"<>|%]{1,100}(?<![. ])$/u;
/** What may be sent, and how such files are called: a program never passes for a picture. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  'application/pdf': ['pdf'],
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': ['xlsx'],
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': ['docx'],
  'audio/mpeg': ['mp3'],
  'audio/wav': ['wav'],
  'image/gif': ['gif'],
  'image/jpeg': ['jpg', 'jpeg'],
  'image/png': ['png'],
  'image/webp': ['webp'],
  'text/calendar': ['ics'],
  'text/csv': ['csv'],
  'text/plain': ['txt'],
};

/** The attachments of a mail without any member that is not known, or what is wrong with them. */
export function checkAttachments(value: unknown): readonly MailAttachment[] | string | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length > MAX_ATTACHMENTS)
    return `must be a list of at most ${MAX_ATTACHMENTS} files`;
  const checked: MailAttachment[] = [];
  let bytes = 0;
  for (const [index, entry] of value.entries()) {
    const which = `file ${index + 1}`;
    const { filename, contentType, content } = (entry ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof filename !== 'string' || !NAME.test(filename))
      return `${which} needs a plain file name of 1 to 100 characters`;
    const endings =
      typeof contentType === 'string' && Object.hasOwn(TYPES, contentType) ? TYPES[contentType] : undefined;
    if (endings === undefined) return `${which} must have one of these types: ${Object.keys(TYPES).join(', ')}`;
    if (!endings.includes(/\.([a-z\d]+)$/i.exec(filename)?.[1]?.toLowerCase() ?? ''))
      return `${which} is named otherwise than files of its type: ${endings.join(', ')}`;
    if (typeof content !== 'string' || !isBase64(content)) return `${which} must hold its bytes in base64`;
    bytes += Math.floor((content.length * 3) / 4);
    if (bytes > MAX_BYTES) return `must not be larger than ${MAX_BYTES} bytes in all`;
    checked.push({ filename, contentType: contentType as string, content });
  }
  return checked;
}

/** Canonical: one spelling for the same bytes, no blanks. */
function isBase64(text: string): boolean {
  if (text === '' || text.length > MAX_BYTES * 2 || text.length % 4 !== 0) return false;
  return Buffer.from(text, 'base64').toString('base64') === text;
}
