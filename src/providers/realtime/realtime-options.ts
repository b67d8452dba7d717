/** What tests set otherwise; every value has a default. */
export interface RealtimeStubOptions {
  /** Seconds of speech sent in a second (2). */
  readonly pace?: number;
  /** Milliseconds before the first word of an answer (150). */
  readonly thinkMs?: number;
  /** Milliseconds until a session ends by itself (an hour, as at OpenAI). */
  readonly sessionLifeMs?: number;
  /** Sessions at once; one more is refused with 429 (1000). */
  readonly maxSessions?: number;
  /** Bytes of one message from a client; more ends its session with 1009 (16 MiB). */
  readonly maxMessageBytes?: number;
  /** Bytes of audio that wait for a commit, and that a conversation keeps (15 MiB, five minutes). */
  readonly maxAudioBytes?: number;
  /** Bytes that may wait for a client who does not read before it is not listened to any more (256 KiB). */
  readonly maxUnreadBytes?: number;
  /** Milliseconds until such a client is left (60,000). */
  readonly unreadLimitMs?: number;
}

export type RealtimeLimits = Required<RealtimeStubOptions>;

/** Fills in the defaults. */
export function withDefaults(options: RealtimeStubOptions): RealtimeLimits {
  return {
    pace: 2,
    thinkMs: 150,
    sessionLifeMs: 3_600_000,
    maxSessions: 1000,
    maxMessageBytes: 16 * 1024 * 1024,
    maxAudioBytes: 15 * 1024 * 1024,
    maxUnreadBytes: 256 * 1024,
    unreadLimitMs: 60_000,
    ...options,
  };
}
