import { fieldsOf } from './client-config.js';
import type { Frame } from './socket-link.js';

/** What a server's frame means, whichever dialect it is in: the GA names or those of the beta before. */
export type ServerEvent =
  | { readonly kind: 'audio'; readonly of: OutputPart; readonly base64: string }
  | { readonly kind: 'answer'; readonly of: OutputPart; readonly text: string; readonly isFinal: boolean }
  | { readonly kind: 'heard'; readonly itemId: string; readonly text: string; readonly isFinal: boolean }
  | { readonly kind: 'response-created'; readonly id: string }
  | { readonly kind: 'response-done'; readonly id: string; readonly hasFailed: boolean }
  | { readonly kind: 'speech-started' }
  | { readonly kind: 'speech-stopped' }
  | { readonly kind: 'upstream-closed' }
  | { readonly kind: 'deprecation'; readonly use: string }
  | { readonly kind: 'fault'; readonly code: string; readonly eventId: string };

/** Which part of which answer. */
export interface OutputPart {
  readonly responseId: string;
  readonly itemId: string;
  readonly contentIndex: number;
}

const AUDIO = new Set(['response.output_audio.delta', 'response.audio.delta']);
const ANSWER_DELTA = new Set([
  'response.output_audio_transcript.delta',
  'response.audio_transcript.delta',
  'response.output_text.delta',
  'response.text.delta',
]);
const ANSWER_DONE = new Set([
  'response.output_audio_transcript.done',
  'response.audio_transcript.done',
  'response.output_text.done',
  'response.text.done',
]);
const HEARD = 'conversation.item.input_audio_transcription.';

/** Undefined for what a page need not know, and for what lacks a field. */
export function readServerEvent(frame: Frame): ServerEvent | undefined {
  const { type } = frame;
  if (AUDIO.has(type)) return { kind: 'audio', of: partOf(frame), base64: textOf(frame['delta']) };
  if (ANSWER_DELTA.has(type))
    return { kind: 'answer', of: partOf(frame), text: textOf(frame['delta']), isFinal: false };
  if (ANSWER_DONE.has(type))
    return { kind: 'answer', of: partOf(frame), text: textOf(frame['transcript'] ?? frame['text']), isFinal: true };
  const itemId = textOf(frame['item_id']);
  switch (type) {
    case `${HEARD}delta`:
      return { kind: 'heard', itemId, text: textOf(frame['delta']), isFinal: false };
    case `${HEARD}completed`:
      return { kind: 'heard', itemId, text: textOf(frame['transcript']), isFinal: true };
    case 'response.created':
      return { kind: 'response-created', id: textOf(fieldsOf(frame['response'])['id']) };
    case 'response.done': {
      const { id, status } = fieldsOf(frame['response']);
      return { kind: 'response-done', id: textOf(id), hasFailed: status === 'failed' };
    }
    case 'input_audio_buffer.speech_started':
      return { kind: 'speech-started' };
    case 'input_audio_buffer.speech_stopped':
      return { kind: 'speech-stopped' };
    case 'upstream_closed':
      return { kind: 'upstream-closed' };
    case 'deprecation':
      return { kind: 'deprecation', use: textOf(frame['use']) };
    case 'error': {
      const { code, type: sort, event_id: eventId } = fieldsOf(frame['error']);
      return { kind: 'fault', code: textOf(code ?? sort).slice(0, 100), eventId: textOf(eventId) };
    }
    default:
      return undefined;
  }
}

function partOf(frame: Frame): OutputPart {
  const contentIndex = frame['content_index'];
  return {
    responseId: textOf(frame['response_id']),
    itemId: textOf(frame['item_id']),
    contentIndex: typeof contentIndex === 'number' && Number.isSafeInteger(contentIndex) ? contentIndex : 0,
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
