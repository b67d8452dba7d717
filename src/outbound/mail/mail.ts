/** A mail as a handler writes it. Whom it is from is the configuration's to say. */
export interface Mail {
  /** One plain address each: no names, no lists. */
  readonly to: readonly string[];
  readonly subject: string;
  /** One of `text` and `html` at least. */
  readonly text?: string;
  readonly html?: string;
  readonly replyTo?: string;
  readonly attachments?: readonly MailAttachment[];
}

/** A file that goes with a mail: always its bytes, never where they might be found. */
export interface MailAttachment {
  readonly filename: string;
  readonly contentType: string;
  /** Base64 (RFC 4648, section 4). */
  readonly content: string;
}

/** What is known of a mail beside itself. */
export interface MailFacts {
  /** Whose idempotency keys these are: those of one caller are never another's. */
  readonly caller: string;
  /** A mail that comes again under its key is not sent again; without one each is a mail of its own. */
  readonly idempotencyKey?: string | undefined;
  /** Subject of the user in whose name it is sent. */
  readonly owner?: string | undefined;
  readonly traceId?: string | undefined;
}

/** What a caller gets for a mail that is kept, and will be sent. */
export interface MailReceipt {
  /** With its angle brackets (RFC 5322, section 3.6.4). */
  readonly messageId: string;
  readonly status: 'queued';
}

/** Takes mail that is to be sent. */
export abstract class MailTransport {
  /** @throws GatewayError when it is not taken: VALIDATION_FAILED, MAIL_NOT_CONFIGURED, UPSTREAM_UNAVAILABLE */
  abstract send(mail: Mail, facts?: MailFacts): Promise<MailReceipt>;
}
