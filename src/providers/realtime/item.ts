import { Refusal } from './refusal.js';
import * as be from './shape.js';

/** An item of a conversation as clients see it, and the audio of what the user said. */
export interface Item {
  readonly id: string;
  readonly view: be.Fields;
  /** What the user says in it; undefined for what is not theirs. */
  readonly said?: string;
  /** The user's audio while it is kept. */
  readonly pcm?: Buffer;
  /** How much audio of the assistant has been sent, in milliseconds. */
  readonly spokenMs?: number;
}

const common = {
  id: be.text(32),
  object: be.oneOf('realtime.item'),
  status: be.oneOf('completed', 'incomplete', 'in_progress'),
  type: be.text(40),
};

function part(types: readonly string[]): be.Check {
  return be.object(
    {
      type: be.oneOf(...types),
      text: be.text(),
      audio: be.text(32 * 1024 * 1024),
      transcript: be.orNull(be.text()),
      image_url: be.text(32 * 1024 * 1024),
      detail: be.oneOf('auto', 'low', 'high'),
    },
    ['type'],
  );
}

const content: Readonly<Record<string, be.Check>> = {
  user: be.list(part(['input_text', 'input_audio', 'input_image'])),
  assistant: be.list(part(['output_text', 'output_audio'])),
  system: be.list(part(['input_text'])),
};
const kinds: Readonly<Record<string, be.Check>> = {
  message: (value, at) => {
    const role = be.fieldsOf(value)?.['role'];
    const parts = content[typeof role === 'string' ? role : ''] ?? be.anything;
    const fields = { ...common, role: be.oneOf(...Object.keys(content)), content: parts };
    return be.object(fields, ['role', 'content'])(value, at);
  },
  function_call: be.object({ ...common, call_id: be.text(200), name: be.text(200), arguments: be.text() }, [
    'name',
    'arguments',
  ]),
  function_call_output: be.object({ ...common, call_id: be.text(200), output: be.text() }, ['call_id', 'output']),
};

/** An item as a client may make it; its audio is base64. */
export const itemRequest: be.Check = (value, at) => {
  const type = be.fieldsOf(value)?.['type'];
  const fault = be.oneOf(...Object.keys(kinds))(type, `${at}.type`);
  return fault ?? kinds[String(type)]?.(value, at);
};

/** Makes an item of what a client has sent and `itemRequest` has passed. */
export function makeItem(request: be.Fields, id: string, at: string): Item | Refusal {
  const parts = Array.isArray(request['content']) ? request['content'].map((one) => be.fieldsOf(one) ?? {}) : [];
  const audio: Buffer[] = [];
  for (const [index, { audio: encoded }] of parts.entries()) {
    const pcm = encoded === undefined ? undefined : decodeAudio(encoded, `${at}.content[${index}].audio`);
    if (pcm instanceof Refusal) return pcm;
    if (pcm !== undefined) audio.push(pcm);
  }
  const { id: _id, object: _object, status: _status, content: _content, type, ...rest } = request;
  const shown = parts.map(({ audio: _audio, image_url: _image, ...one }) => one);
  const view = { id, type, status: 'completed', ...rest, ...(type === 'message' ? { content: shown } : {}) };
  if (request['role'] !== 'user') return { id, view };
  const said = parts.map(({ text, transcript }) => text ?? transcript ?? '').join(' ');
  return { id, view, said, ...(audio.length === 0 ? {} : { pcm: Buffer.concat(audio) }) };
}

/** @param at the parameter's name, for the refusal */
export function decodeAudio(encoded: unknown, at: string): Buffer | Refusal {
  const fault = `Invalid '${at}'. Expected base64-encoded audio bytes (mono PCM16 at 24kHz) but got an invalid value.`;
  if (typeof encoded !== 'string') return new Refusal(fault, 'invalid_value', at);
  const bytes = Buffer.from(encoded, 'base64');
  const isWhole = bytes.byteLength === Buffer.byteLength(encoded, 'base64');
  return isWhole ? bytes : new Refusal(fault, 'invalid_value', at);
}
