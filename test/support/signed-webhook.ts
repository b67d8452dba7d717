import { generateKeyPairSync, sign } from 'node:crypto';
import { call, type CallAnswer, type CallOptions } from './http-call.js';

/** Somebody who signs webhooks as Telnyx does. */
export class WebhookSender {
  private readonly keys = generateKeyPairSync('ed25519');
  private sent = 0;

  /** For `TELNYX_PUBLIC_KEY`. */
  get publicKey(): string {
    return this.keys.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
  }

  /** A body that no other event of this sender has. */
  event(): string {
    this.sent += 1;
    return `{"data":{"id":"evt-${this.sent}", "event_type":"call.initiated", "n":1.0},"meta":{"attempt":1}}\n`;
  }

  signature(body: Buffer | string, timestamp: number | string): Buffer {
    return sign(null, Buffer.concat([Buffer.from(`${timestamp}|`), Buffer.from(body)]), this.keys.privateKey);
  }

  headers(body: Buffer | string, timestamp: number | string = unixNow()): Record<string, string> {
    return {
      'Content-Type': 'application/json',
      'Telnyx-Timestamp': String(timestamp),
      'Telnyx-Signature-Ed25519': this.signature(body, timestamp).toString('base64'),
    };
  }

  /** Sends a body with headers that hold for it, save for what `options` says otherwise. */
  send(url: string, path: string, body: Buffer | string, options: CallOptions = {}): Promise<CallAnswer> {
    const headers = { ...this.headers(body), ...options.headers };
    return call(url, path, { method: 'POST', body, ...options, headers });
  }
}

export function unixNow(): number {
  return Math.floor(Date.now() / 1000);
}
