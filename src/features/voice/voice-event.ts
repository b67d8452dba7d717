import type { PhpValue } from '../../routing/index.js';

/** What the boards are told: fields that are undefined are left out. */
export interface VoiceEvent {
  readonly kind: string;
  readonly session_id?: string | undefined;
  readonly text?: string | undefined;
  /** ISO 8601, or Unix milliseconds. */
  readonly at?: string | number | undefined;
  readonly payload?: PhpValue | undefined;
}

/** What is kept of an event that a client reported: nothing that somebody said. */
export interface VoiceEventRecord {
  /** The same for the same event of the same owner. */
  readonly id: string;
  /** The owner's key, not the subject. */
  readonly owner: string;
  readonly sessionId: string;
  readonly type: string;
  readonly occurredAt: Date;
  readonly latency: { readonly name: string; readonly ms: number } | undefined;
}
