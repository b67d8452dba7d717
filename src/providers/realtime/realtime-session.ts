import { type ClientEventType, clientEvents, isClientEvent } from './client-events.js';
import { Conversation } from './conversation.js';
import type { EventOutlet } from './event-outlet.js';
import { whatWasSaid } from './hearing.js';
import { InputAudio, type TurnChange } from './input-audio.js';
import { ItemEvents } from './item-events.js';
import { MagicWords } from './magic-words.js';
import type { RealtimeLimits } from './realtime-options.js';
import { invalidValue, Refusal } from './refusal.js';
import { planResponse } from './response-plan.js';
import { Responses } from './responses.js';
import type { SessionConfig } from './session-config.js';
import { type Fields, fieldsOf } from './shape.js';
import { transcriptUsage } from './usage.js';

const FOREVER_MS = 2 ** 31 - 1;

/** What a session does to its connection. */
export interface SessionDoor {
  close(code: number, reason: string): void;
  /** Breaks the connection without a word. */
  cut(): void;
  /** Stops reading for so many milliseconds. */
  deafen(ms: number): void;
}

/** One conversation with Donna: takes client events in their order and answers them as OpenAI's realtime API does. */
export class RealtimeSession {
  readonly #conversation: Conversation;
  readonly #items: ItemEvents;
  readonly #input: InputAudio;
  readonly #responses: Responses;

  constructor(
    private readonly config: SessionConfig,
    private readonly outlet: EventOutlet,
    private readonly door: SessionDoor,
    limits: RealtimeLimits,
  ) {
    this.#conversation = new Conversation(limits.maxAudioBytes);
    this.#items = new ItemEvents(this.#conversation, outlet);
    this.#input = new InputAudio(limits.maxAudioBytes);
    this.#responses = new Responses(outlet, limits, door);
  }

  start(): void {
    void this.outlet.send('session.created', { session: this.config.view });
    this.#obey(new MagicWords(this.config.instructions));
  }

  /** Ends it as OpenAI ends a session that has lasted its time. */
  expire(): void {
    const message = 'Your session hit the maximum duration of 60 minutes.';
    this.#tell(new Refusal(message, 'session_expired'), null);
    this.door.close(1001, message);
  }

  /** The client is gone: nothing is said any more. */
  end(): void {
    this.#responses.end();
  }

  /** Takes one message, whatever it is. */
  take(message: string): void {
    const event = parse(message);
    if (event === undefined) return this.#tell(new Refusal('The event is no JSON object.', 'invalid_event'), null);
    const { type, event_id: id } = event;
    const fault = faultOf(type, event) ?? (isClientEvent(type) ? this.#handlers[type](event) : undefined);
    if (fault !== undefined) this.#tell(fault, typeof id === 'string' ? id.slice(0, 512) : null);
  }

  readonly #handlers: Readonly<Record<ClientEventType, (event: Fields) => Refusal | undefined>> = {
    'session.update': ({ session }) => this.#update(fieldsOf(session) ?? {}),
    'input_audio_buffer.append': ({ audio }) =>
      this.#input.append(audio, this.config.turnDetection, (change) => this.#turn(change)),
    'input_audio_buffer.commit': () => this.#commit(),
    'input_audio_buffer.clear': () => {
      this.#input.clear();
      void this.outlet.send('input_audio_buffer.cleared');
      return undefined;
    },
    'conversation.item.create': (event) => this.#items.create(event),
    'conversation.item.truncate': (event) => this.#items.truncate(event),
    'conversation.item.delete': (event) => this.#items.delete(event),
    'conversation.item.retrieve': (event) => this.#items.retrieve(event),
    'response.create': ({ response }) => this.#respond(fieldsOf(response) ?? {}),
    'response.cancel': (event) => this.#responses.cancel(event),
  };

  #update(session: Fields): Refusal | undefined {
    if (session['model'] !== undefined && session['model'] !== this.config.model)
      return new Refusal('Cannot update the model of a session.', 'cannot_update_model', 'session.model');
    const voice = fieldsOf(fieldsOf(session['audio'])?.['output'])?.['voice'];
    if (voice !== undefined && voice !== this.config.voice && this.#responses.hasSpoken)
      return new Refusal("Cannot update a conversation's voice if assistant audio is present.", 'cannot_update_voice');
    this.config.update(session);
    void this.outlet.send('session.updated', { session: this.config.view });
    if (session['instructions'] !== undefined) this.#obey(new MagicWords(this.config.instructions));
    return undefined;
  }

  #turn({ kind, atMs, itemId }: TurnChange): void {
    const turn = this.config.turnDetection;
    if (kind === 'started') {
      void this.outlet.send('input_audio_buffer.speech_started', { audio_start_ms: atMs, item_id: itemId });
      if (turn?.interruptsResponse === true) this.#responses.yield();
      return;
    }
    void this.outlet.send('input_audio_buffer.speech_stopped', { audio_end_ms: atMs, item_id: itemId });
    this.#tell(this.#commit(), null);
    if (turn?.createsResponse === true) this.#responses.afterInterrupted(() => this.#tell(this.#respond({}), null));
  }

  #commit(): Refusal | undefined {
    const taken = this.#input.commit();
    if (taken instanceof Refusal) return taken;
    const { itemId, pcm } = taken;
    const said = whatWasSaid(pcm);
    const content = [{ type: 'input_audio', transcript: null }];
    const view = { id: itemId, type: 'message', status: 'completed', role: 'user', content };
    const previous = this.#conversation.lastId;
    void this.outlet.send('input_audio_buffer.committed', { previous_item_id: previous, item_id: itemId });
    this.#items.add({ id: itemId, view, said, pcm });
    const { transcriber } = this.config;
    if (transcriber === undefined) return undefined;
    this.#transcribe(itemId, said, transcriptUsage(transcriber, pcm.byteLength, said));
    this.#conversation.replace(itemId, { view: { ...view, content: [{ type: 'input_audio', transcript: said }] } });
    return undefined;
  }

  #transcribe(itemId: string, transcript: string, usage: Fields): void {
    const kind = 'conversation.item.input_audio_transcription';
    const place = { item_id: itemId, content_index: 0 };
    for (const delta of transcript.match(/\S+\s*/g) ?? []) void this.outlet.send(`${kind}.delta`, { ...place, delta });
    void this.outlet.send(`${kind}.completed`, { ...place, transcript, usage });
  }

  #respond(request: Fields): Refusal | undefined {
    const refusal = this.#responses.refusal(request['conversation'] === 'none');
    if (refusal !== undefined) return refusal;
    const plan = planResponse(request, this.config, this.#conversation);
    if (plan instanceof Refusal) return plan;
    this.#obey(plan.words);
    this.#responses.begin(plan);
    return undefined;
  }

  #obey(words: MagicWords): void {
    if (words.has('error')) {
      const message = 'The server had an error while processing your request. Sorry about that!';
      this.#tell(new Refusal(message, null, null, 'server_error'), null);
    }
    if (words.has('expire')) this.expire();
    const code = words.value('close', 1011);
    if (code !== undefined) this.door.close(code, 'stub');
    const deafMs = words.value('deaf', FOREVER_MS);
    if (deafMs !== undefined) this.door.deafen(deafMs);
  }

  #tell(refusal: Refusal | undefined, eventId: string | null): void {
    if (refusal === undefined) return;
    const { type, code, message, param } = refusal;
    void this.outlet.send('error', { error: { type, code, message, param, event_id: eventId } });
  }
}

function faultOf(type: unknown, event: Fields): Refusal | undefined {
  if (type === undefined) return new Refusal("The 'type' field is missing.", 'invalid_event');
  return isClientEvent(type) ? clientEvents[type](event, '') : invalidValue('type', type, Object.keys(clientEvents));
}

function parse(message: string): Fields | undefined {
  try {
    return fieldsOf(JSON.parse(message));
  } catch {
    return undefined;
  }
}
