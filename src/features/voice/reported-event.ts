import { createHash } from 'node:crypto';
import type { Identity } from '../../auth/index.js';
import { ownerKey } from '../../replication/index.js';
import type { PhpValue } from '../../routing/index.js';
import type { VoiceEvent, VoiceEventRecord } from './voice-event.js';

/** The fields of `POST /api/voice/events`, which its DTO has checked. */
export interface ReportedFields {
  readonly type: string;
  readonly session_id: string;
  readonly at: string | number;
  readonly data?: PhpValue;
}

/** A client's event on its way to the table and to the boards. */
export interface ReportedEvent {
  readonly record: VoiceEventRecord;
  readonly event: VoiceEvent;
  readonly caller: Identity;
  readonly clientAddress: string;
  readonly traceId: string;
}

/** Makes of a client's fields what is recorded and what is told; the same fields of the same caller have the same id. */
export function readReported(
  { type, session_id: sessionId, at, data }: ReportedFields,
  caller: Identity,
  { clientAddress, traceId }: Pick<ReportedEvent, 'clientAddress' | 'traceId'>,
): ReportedEvent {
  const owner = ownerKey(caller.subject);
  const id = createHash('sha256')
    .update(JSON.stringify([owner, sessionId, type, at, data ?? null]))
    .digest('hex')
    .slice(0, 32);
  const record = { id, owner, sessionId, type, occurredAt: new Date(at), latency: readLatency(type, data) };
  const event = { kind: type, session_id: sessionId, at, payload: data ?? undefined };
  return { record, event, caller, clientAddress, traceId };
}

function readLatency(type: string, data: PhpValue | undefined): VoiceEventRecord['latency'] {
  if (type !== 'latency' || typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  const { name, ms } = data as Readonly<Record<string, PhpValue>>;
  return typeof name === 'string' && typeof ms === 'number' ? { name, ms } : undefined;
}
