import { toBetaItem, toBetaPart, toGaItem } from './beta-items.js';
import {
  isFlatResponse,
  isFlatSession,
  toFlatResponse,
  toFlatSession,
  toGaResponse,
  toGaSession,
} from './beta-session.js';
import { type Fields, fieldsOf, parseFrame } from './fields.js';
import type { FrameType } from './frame-type.js';

type Typed = Extract<FrameType, { readonly kind: 'typed' }>;
type Rewrite = (event: Fields) => Fields;

/** Bytes up to which a control frame is parsed to be rewritten. A larger one carries audio or pictures and goes on as it is. */
const MAX_REWRITTEN_BYTES = 256 * 1024;

/** What a client may say of its dialect, in frames that are small. */
const TELLING = new Set(['session.update', 'response.create', 'conversation.item.create']);

/** Events that only have another name: the name is replaced in the bytes, whatever else stands in them. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['response.output_audio.delta', 'response.audio.delta'],
  ['response.output_audio.done', 'response.audio.done'],
  ['response.output_audio_transcript.delta', 'response.audio_transcript.delta'],
  ['response.output_audio_transcript.done', 'response.audio_transcript.done'],
  ['response.output_text.delta', 'response.text.delta'],
  ['response.output_text.done', 'response.text.done'],
]);

const withItem: Rewrite = (event) => ({ ...event, item: toBetaItem(event['item']) });
const withSession: Rewrite = (event) => ({ ...event, session: toFlatSession(fieldsOf(event['session']) ?? {}) });
const withResponse: Rewrite = (event) => {
  const response = toFlatResponse(fieldsOf(event['response']) ?? {});
  const { output } = response;
  return { ...event, response: Array.isArray(output) ? { ...response, output: output.map(toBetaItem) } : response };
};

const REWRITTEN: ReadonlyMap<string, Rewrite> = new Map<string, Rewrite>([
  ['session.created', withSession],
  ['session.updated', withSession],
  ['response.created', withResponse],
  ['response.done', withResponse],
  ['response.output_item.added', withItem],
  ['response.output_item.done', withItem],
  ['response.content_part.added', (event) => ({ ...event, part: toBetaPart(event['part']) })],
  ['response.content_part.done', (event) => ({ ...event, part: toBetaPart(event['part']) })],
  ['conversation.item.added', (event) => ({ ...withItem(event), type: 'conversation.item.created' })],
  ['conversation.item.retrieved', withItem],
]);

/** The beta tells of an item once, when it is there. */
const DROPPED = new Set(['conversation.item.done']);

/**
 * Translates between a client of OpenAI's Realtime beta and the GA interface, which alone is left. Which of the two a client
 * speaks is known from how it began and from what it asks for; the frames of a GA client pass byte for byte.
 */
export class Dialect {
  private isBeta = false;

  /** `beta` or `ga`, for the log. */
  get name(): 'beta' | 'ga' {
    return this.isBeta ? 'beta' : 'ga';
  }

  /** The client has opened its session in the deprecated way. */
  assumeBeta(): void {
    this.isBeta = true;
  }

  /** A client's frame as the provider takes it. */
  toProvider({ type }: Typed, frame: Buffer): Buffer {
    if (!TELLING.has(type) || frame.byteLength > MAX_REWRITTEN_BYTES) return frame;
    if (type === 'conversation.item.create' && !this.isBeta) return frame;
    const event = parseFrame(frame);
    if (event === undefined) return frame;
    const changed = this.translate(type, event);
    return changed === undefined ? frame : (toBytes(changed) ?? frame);
  }

  /** A provider's frame as the client takes it; undefined for one that the beta does not have. */
  toClient({ type, start, end }: Typed, frame: Buffer): Buffer | undefined {
    if (!this.isBeta) return frame;
    if (DROPPED.has(type)) return undefined;
    const name = RENAMED.get(type);
    if (name !== undefined)
      return Buffer.concat([frame.subarray(0, start), Buffer.from(`"${name}"`), frame.subarray(end)]);
    const rewrite = REWRITTEN.get(type);
    if (rewrite === undefined || frame.byteLength > MAX_REWRITTEN_BYTES) return frame;
    const event = parseFrame(frame);
    return event === undefined ? frame : (toBytes(rewrite(event)) ?? frame);
  }

  private translate(type: string, event: Fields): Fields | undefined {
    switch (type) {
      case 'session.update': {
        const session = fieldsOf(event['session']);
        if (session === undefined) return undefined;
        this.isBeta = isFlatSession(session);
        return this.isBeta ? { ...event, session: toGaSession(session) } : undefined;
      }
      case 'response.create': {
        const response = fieldsOf(event['response']);
        if (response === undefined) return undefined;
        if (isFlatResponse(response)) this.isBeta = true;
        return this.isBeta ? { ...event, response: withGaInput(toGaResponse(response)) } : undefined;
      }
      default:
        return this.isBeta ? { ...event, item: toGaItem(event['item']) } : undefined;
    }
  }
}

function withGaInput(response: Fields): Fields {
  const { input } = response;
  return Array.isArray(input) ? { ...response, input: input.map(toGaItem) } : response;
}

/** Undefined for one that is nested too deep: `JSON.parse` takes any depth, `JSON.stringify` what the stack holds. */
function toBytes(event: Fields): Buffer | undefined {
  try {
    return Buffer.from(JSON.stringify(event));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
