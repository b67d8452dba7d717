/** A mail as a handler writes it. */
export interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
}

/** Carries mail away. None is there until SMTP is configured. */
export abstract class MailTransport {
  /** @throws what keeps it from being handed over */
  abstract send(mail: Mail): Promise<void>;
}
