import { GatewayError } from '../contract/index.js';

const RETRY_AFTER_S = 2;

/** Why an owner's rows cannot be used now. */
export type UnavailableReason =
  'php-unreachable' | 'php-refused' | 'document-unreadable' | 'too-busy' | 'too-many-pending' | 'database' | 'erased';

/** An owner's data can be neither read nor written now: nothing was changed. A 503; for a safe method of a canary PHP answers instead. */
export class ReplicationUnavailableError extends GatewayError {
  constructor(
    readonly reason: UnavailableReason,
    cause?: unknown,
  ) {
    super('UPSTREAM_UNAVAILABLE', {
      error: 'This data is not available at the moment. Try again soon.',
      headers: { 'Retry-After': String(RETRY_AFTER_S) },
    });
    this.cause = cause;
  }
}
