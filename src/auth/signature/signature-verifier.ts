import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import type { GatewayConfig } from '../../config/index.js';
import { GatewayError } from '../../contract/index.js';
import type { SignaturePolicy } from '../../routing/index.js';
import type { SharedState } from '../../state/index.js';
import type { Exchange, Logger } from '../../trace/index.js';
import { SeenMessages } from './seen-messages.js';
import { readSignedMessage, refuseMessage } from './signed-message.js';

/** Verifies messages whose sender signs them, and takes none twice. */
export class SignatureVerifier {
  private readonly keys: Readonly<Record<SignaturePolicy['key'], KeyObject | undefined>>;
  private readonly seen: SeenMessages;

  constructor(
    { telnyx }: Pick<GatewayConfig['providers'], 'telnyx'>,
    state: SharedState,
    logger: Pick<Logger, 'warn'>,
  ) {
    this.keys = { telnyx: telnyx.publicKey === undefined ? undefined : ed25519Key(telnyx.publicKey) };
    this.seen = new SeenMessages(state, logger);
  }

  /**
   * Holds the body, which has been read, against its signature (Ed25519 over `timestamp|body`). What holds is remembered
   * while its timestamp is good and refused a second time, unless its sender was not told that it has arrived.
   */
  async check(exchange: Exchange, { key: keyName, windowS }: SignaturePolicy): Promise<GatewayError | undefined> {
    const key = this.keys[keyName];
    if (key === undefined) return new GatewayError('UPSTREAM_UNAVAILABLE', { error: 'Webhooks are not configured.' });
    const message = readSignedMessage(exchange, windowS);
    if (message instanceof GatewayError) return message;
    if (!verify(null, message.bytes, key, message.signature)) return refuseMessage('The signature does not hold.');
    // By what was signed, not by the signature: whoever could vary one would still say the same thing twice.
    const id = `webhook:${keyName}:${hash('sha256', message.bytes, 'base64url')}`;
    if (!(await this.take(exchange, id, 2 * windowS * 1000))) return refuseMessage('This message was received before.');
    exchange.isSignatureVerified = true;
    return undefined;
  }

  /** Takes a message; gives it back when the answer that its sender gets is not a 2xx, or none: it will be sent again. */
  private take({ res }: Exchange, id: string, ttlMs: number): Promise<boolean> {
    // Nobody waits for an answer any more: nothing is to happen that its sender would not learn of.
    if (res.destroyed) return Promise.resolve(false);
    const taken = this.seen.remember(id, ttlMs);
    res.once('close', () => {
      if (res.writableFinished && res.statusCode >= 200 && res.statusCode < 300) return;
      taken.then((isNew) => (isNew ? this.seen.forget(id) : undefined)).catch(() => undefined);
    });
    return taken;
  }
}

/** RFC 8037, section 2. @throws when it is no key: the configuration has checked that it is one */
function ed25519Key(base64: string): KeyObject {
  const x = Buffer.from(base64, 'base64').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}
