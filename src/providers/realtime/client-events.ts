import { itemRequest } from './item.js';
import { responseRequest, sessionRequest } from './session-config.js';
import * as be from './shape.js';

const id = be.text(512);
const common = { event_id: id, type: be.text(100) };

/** The client events of OpenAI's realtime API over a WebSocket, each with its fields. */
export const clientEvents = {
  'session.update': be.object({ ...common, session: sessionRequest }, ['session']),
  'input_audio_buffer.append': be.object({ ...common, audio: be.anything }, ['audio']),
  'input_audio_buffer.commit': be.object(common),
  'input_audio_buffer.clear': be.object(common),
  'conversation.item.create': be.object(
    { ...common, item: (value) => itemRequest(value, 'item'), previous_item_id: be.orNull(id) },
    ['item'],
  ),
  'conversation.item.truncate': be.object(
    { ...common, item_id: id, content_index: be.number(0, 0), audio_end_ms: be.number(0, 86_400_000) },
    ['item_id', 'content_index', 'audio_end_ms'],
  ),
  'conversation.item.delete': be.object({ ...common, item_id: id }, ['item_id']),
  'conversation.item.retrieve': be.object({ ...common, item_id: id }, ['item_id']),
  'response.create': be.object({ ...common, response: be.orNull(responseRequest) }),
  'response.cancel': be.object({ ...common, response_id: be.orNull(id) }),
} satisfies Readonly<Record<string, be.Check>>;

export type ClientEventType = keyof typeof clientEvents;

export function isClientEvent(type: unknown): type is ClientEventType {
  return typeof type === 'string' && Object.hasOwn(clientEvents, type);
}
