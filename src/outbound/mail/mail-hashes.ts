import { createHmac } from 'node:crypto';

/** Keyed hashes of what mail rows must be found by and must not say. Whoever has the rows alone cannot try addresses out. */
export class MailHashes {
  constructor(private readonly secret: string) {}

  /** Of an address however its letters are spelt. */
  recipient(address: string): string {
    return this.of('recipient', address.toLowerCase());
  }

  owner(subject: string): string {
    return this.of('owner', subject);
  }

  content(json: string): string {
    return this.of('content', json);
  }

  key(text: string): string {
    return this.of('key', text);
  }

  private of(what: string, text: string): string {
    return createHmac('sha256', this.secret).update(`donna mail ${what}\n${text}`).digest('hex').slice(0, 40);
  }
}
