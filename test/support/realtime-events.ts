/**
 * The server events of OpenAI's realtime API (GA) that the stand-in sends, with their fields as openai-node publishes them
 * (`src/resources/realtime/realtime.ts`); `?` marks those that may be absent. `type` and `event_id` are in all of them.
 */
const published: Readonly<Record<string, string>> = {
  'conversation.item.added': 'item previous_item_id?',
  'conversation.item.deleted': 'item_id',
  'conversation.item.done': 'item previous_item_id?',
  'conversation.item.input_audio_transcription.completed': 'content_index item_id transcript usage logprobs?',
  'conversation.item.input_audio_transcription.delta': 'item_id content_index? delta? logprobs?',
  'conversation.item.retrieved': 'item',
  'conversation.item.truncated': 'audio_end_ms content_index item_id',
  error: 'error',
  'input_audio_buffer.cleared': '',
  'input_audio_buffer.committed': 'item_id previous_item_id?',
  'input_audio_buffer.speech_started': 'audio_start_ms item_id',
  'input_audio_buffer.speech_stopped': 'audio_end_ms item_id',
  'rate_limits.updated': 'rate_limits',
  'response.content_part.added': 'content_index item_id output_index part response_id',
  'response.content_part.done': 'content_index item_id output_index part response_id',
  'response.created': 'response',
  'response.done': 'response',
  'response.output_audio.delta': 'content_index delta item_id output_index response_id',
  'response.output_audio.done': 'content_index item_id output_index response_id',
  'response.output_audio_transcript.delta': 'content_index delta item_id output_index response_id',
  'response.output_audio_transcript.done': 'content_index item_id output_index response_id transcript',
  'response.output_item.added': 'item output_index response_id',
  'response.output_item.done': 'item output_index response_id',
  'response.output_text.delta': 'content_index delta item_id output_index response_id',
  'response.output_text.done': 'content_index item_id output_index response_id text',
  'session.created': 'session',
  'session.updated': 'session',
};

/** The fields of what is inside events, by the name under which it is there. */
const inside: Readonly<Record<string, string>> = {
  error: 'message type code? event_id? param?',
  item: 'id? object? type status? role? content? call_id? name? arguments? output?',
  part: 'audio? text? transcript? type?',
  response:
    'id? audio? conversation_id? max_output_tokens? metadata? object? output? output_modalities? status? status_details? usage?',
  session:
    'type audio? include? instructions? max_output_tokens? model? output_modalities? prompt? tool_choice? tools? tracing? truncation? id? object? expires_at?',
};

/** The types of server events in the table. */
export const publishedTypes: readonly string[] = Object.keys(published);

/** What is wrong with an event by the published types; empty when nothing is. */
export function strayFields(event: Readonly<Record<string, unknown>>): readonly string[] {
  const type = String(event['type']);
  const fields = published[type];
  if (fields === undefined) return [`${type} is unknown`];
  const faults = compare(type, event, `type event_id ${fields}`);
  for (const [name, known] of Object.entries(inside)) {
    const value = event[name];
    if (typeof value === 'object' && value !== null) faults.push(...compare(`${type}.${name}`, value, known));
  }
  return faults;
}

function compare(at: string, value: object, fields: string): string[] {
  const known = new Map(
    fields
      .trim()
      .split(/\s+/)
      .map((one) => [one.replace('?', ''), !one.endsWith('?')]),
  );
  const stray = Object.keys(value).filter((name) => !known.has(name));
  const missing = [...known].filter(([name, isNeeded]) => isNeeded && !(name in value)).map(([name]) => name);
  return [...stray.map((name) => `${at} has ${name}`), ...missing.map((name) => `${at} lacks ${name}`)];
}
