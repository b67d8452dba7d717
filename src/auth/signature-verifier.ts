import type { GatewayConfig } from '../config/index.js';
import type { GatewayError } from '../contract/index.js';
import type { SignaturePolicy } from '../routing/index.js';
import type { SharedState } from '../state/index.js';
import type { Exchange } from '../trace/index.js';

/** Verifies messages whose sender signs them. */
export class SignatureVerifier {
  constructor(
    readonly keys: GatewayConfig['providers'],
    readonly state: SharedState,
  ) {}

  /** Holds the body, which has been read, against its signature. */
  async check(_exchange: Exchange, _policy: SignaturePolicy): Promise<GatewayError | undefined> {
    return undefined;
  }
}
