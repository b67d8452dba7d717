import { GatewayError } from '../contract/index.js';
import type { SharedState } from '../state/index.js';
import type { Exchange, Logger } from '../trace/index.js';
import { SeenMessages } from './signature/seen-messages.js';
import { type CallKind, readSignedCall } from './signed-call.js';

/** What PHP says to the gateway. Its type, issuer and audience are not those of what the gateway says to PHP. */
const APPLICATION: CallKind = {
  header: 'x-gateway-call',
  typ: 'gateway-call+jwt',
  claims: { iss: 'donna-php', aud: 'donna-gateway' },
};
/** 128 random bits or more, in characters that any store takes for a key. */
const CALL_ID = /^[A-Za-z\d_-]{22,64}$/;
/** Milliseconds: a call's whole life, and the difference of clocks at both of its ends. */
const REMEMBERED_MS = 70_000;

/** Verifies the PHP application's own calls to the gateway (ADR 0028), and takes none twice. */
export class ApplicationCalls {
  private readonly seen: SeenMessages;

  constructor(
    private readonly secret: string,
    state: SharedState,
    logger: Pick<Logger, 'warn'>,
  ) {
    this.seen = new SeenMessages(state, logger);
  }

  /**
   * Demands `X-Gateway-Call`, signed with GATEWAY_IDENTITY_SECRET for this method, path and body within the last minute, which has not
   * been here before on any instance. The body must have been read.
   * @throws GatewayError UNAUTHENTICATED
   */
  async demand(exchange: Exchange): Promise<void> {
    const id = readSignedCall(exchange, this.secret, APPLICATION)?.claims['jti'];
    if (typeof id !== 'string' || !CALL_ID.test(id))
      throw refused('Only the application behind this gateway may ask this.');
    if (!(await this.seen.remember(`call:${id}`, REMEMBERED_MS))) throw refused('This call was received before.');
  }
}

function refused(error: string): GatewayError {
  return new GatewayError('UNAUTHENTICATED', { error, headers: { 'WWW-Authenticate': 'GatewayCall realm="donna"' } });
}
