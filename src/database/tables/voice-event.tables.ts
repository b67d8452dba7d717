import type { ColumnType, Generated } from 'kysely';

/** What a client reported of a voice session; nothing that somebody said. The oldest are removed. */
export interface VoiceEventTable {
  /** Digest of the event: the same again is not stored again. */
  readonly id: string;
  /** The owner's key, as in the replicated tables. */
  readonly owner: string;
  readonly session_id: string;
  readonly type: string;
  readonly latency_name: string | null;
  readonly latency_ms: number | null;
  /** By the client's clock. */
  readonly occurred_at: ColumnType<Date, Date, never>;
  readonly recorded_at: Generated<Date>;
}

export interface VoiceEventTables {
  readonly voice_event: VoiceEventTable;
}
