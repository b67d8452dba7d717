import type { SendMailOptions } from 'nodemailer';
import type { Mailbox } from '../../config/index.js';
import type { Mail } from './mail.js';

/** UTF-8 bytes of an encoded word, so that it stays below 75 characters (RFC 2047, section 2). */
const WORD_BYTES = 45;

/** A mail that is to be handed to a mail server, now and each time it is tried again. */
export interface OutgoingMail {
  readonly mail: Mail;
  /** Those of `mail.to` who have not got it yet. */
  readonly recipients: readonly string[];
  readonly messageId: string;
  readonly acceptedAt: Date;
}

/** A mail as nodemailer takes it: the same bytes at each attempt but for the borders of its parts. */
export function composeMail({ mail, recipients, messageId, acceptedAt }: OutgoingMail, from: Mailbox): SendMailOptions {
  const { to, subject, text, html, replyTo, attachments = [] } = mail;
  return {
    // Objects, not texts: nothing in them is parsed for further addresses.
    from: { ...from },
    to: to.map((address) => ({ name: '', address })),
    envelope: { from: from.address, to: [...recipients] },
    ...(replyTo === undefined ? {} : { replyTo: { name: '', address: replyTo } }),
    // nodemailer lets encoded words that a text brings along pass as they are.
    ...(subject.includes('=?') ? {} : { subject }),
    headers: {
      ...(subject.includes('=?') ? { Subject: { prepared: true, value: encodeWords(subject) } } : {}),
      // RFC 3834: no machine answers it.
      'Auto-Submitted': 'auto-generated',
    },
    messageId,
    date: acceptedAt,
    ...(text === undefined ? {} : { text: withCrLf(text) }),
    ...(html === undefined ? {} : { html: withCrLf(html) }),
    attachments: attachments.map(({ filename, contentType, content }) => ({
      filename,
      contentType,
      content: Buffer.from(content, 'base64'),
      contentDisposition: 'attachment' as const,
    })),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** A lone CR or LF is no end of a line to one server and one to the next (SMTP smuggling). */
function withCrLf(text: string): string {
  return text.replace(/\r\n?|\n/g, '\r\n');
}

/** RFC 2047, encoding `B`; whole characters in each word. */
function encodeWords(text: string): string {
  const words: string[] = [];
  let word = '';
  for (const character of text) {
    if (Buffer.byteLength(word + character) > WORD_BYTES) {
      words.push(word);
      word = '';
    }
    word += character;
  }
  return [...words, word].map((part) => `=?UTF-8?B?${Buffer.from(part).toString('base64')}?=`).join('\r\n ');
}
