import { invalidValue, Refusal } from './refusal.js';
import * as be from './shape.js';

/** OpenAI's voices for realtime sessions. */
export const VOICES = ['alloy', 'ash', 'ballad', 'cedar', 'coral', 'echo', 'marin', 'sage', 'shimmer', 'verse'];

const PCM = { type: 'audio/pcm', rate: 24_000 };
/** The stand-in speaks and hears PCM alone; the real API has G.711 (`audio/pcmu`, `audio/pcma`) as well. */
const format = be.object({ type: be.oneOf('audio/pcm'), rate: be.number(24_000, 24_000) }, ['type', 'rate']);
const model: be.Check = (value, at) =>
  typeof value === 'string' && isModel(value)
    ? undefined
    : new Refusal(`The model '${String(value).slice(0, 60)}' does not exist.`, 'model_not_found', at);

const turnDetection: be.Check = (value, at) => {
  const type = be.fieldsOf(value)?.['type'];
  const both = { create_response: be.flag, interrupt_response: be.flag };
  if (type === 'semantic_vad') {
    return be.object({ type: be.text(), ...both, eagerness: be.oneOf('low', 'medium', 'high', 'auto') })(value, at);
  }
  if (type !== 'server_vad') return invalidValue(`${at}.type`, type, ['server_vad', 'semantic_vad']);
  return be.object({
    type: be.text(),
    ...both,
    threshold: be.number(0, 1),
    prefix_padding_ms: be.number(0, 10_000),
    silence_duration_ms: be.number(0, 10_000),
    idle_timeout_ms: be.orNull(be.number(5000, 30_000)),
  })(value, at);
};

const transcription = be.object({ model: be.text(100), language: be.text(20), prompt: be.text(10_000) });
const modalities: be.Check = (value, at) => {
  const isOne = Array.isArray(value) && value.length === 1 && (value[0] === 'audio' || value[0] === 'text');
  return isOne ? undefined : invalidValue(at, value, ['["text"]', '["audio"]']);
};
const output = { format, voice: be.oneOf(...VOICES) };
const shared = {
  instructions: be.text(),
  max_output_tokens: be.either(be.number(1, 4096), be.oneOf('inf')),
  output_modalities: modalities,
  prompt: be.orNull(be.object({ id: be.text(), version: be.anything, variables: be.anything })),
  tool_choice: be.anything,
  tools: be.list(be.anything),
};

/** A session as a client may ask for it (GA shape, `RealtimeSessionCreateRequest`). */
export const sessionRequest = be.object(
  {
    ...shared,
    audio: be.object({
      input: be.object({
        format,
        noise_reduction: be.orNull(be.object({ type: be.oneOf('near_field', 'far_field') })),
        transcription: be.orNull(transcription),
        turn_detection: be.orNull(turnDetection),
      }),
      output: be.object({ ...output, speed: be.number(0.25, 1.5) }),
    }),
    include: be.orNull(be.list(be.oneOf('item.input_audio_transcription.logprobs'))),
    model,
    tracing: be.anything,
    truncation: be.anything,
    type: be.oneOf('realtime'),
  },
  ['type'],
);

/** The body of a request for a client secret. */
export const clientSecretRequest = be.object(
  {
    expires_after: be.object({ anchor: be.oneOf('created_at'), seconds: be.integer(10, 7200) }),
    session: sessionRequest,
  },
  ['session'],
);

/** What `response.create` may ask for besides (`RealtimeResponseCreateParams`). */
export const responseRequest = be.object({
  ...shared,
  audio: be.object({ output: be.object(output) }),
  conversation: be.oneOf('auto', 'none'),
  input: be.list(be.anything, 100),
  metadata: be.orNull(be.texts(16, 512)),
});

/** Whether the stand-in has a model: all of the GA family, by its prefix. */
export function isModel(name: string): boolean {
  return /^gpt-realtime[a-z0-9.-]{0,40}$/.test(name);
}

/** The settings of one session; `view` is what clients see of it. */
export class SessionConfig {
  #fields: be.Fields = {
    output_modalities: ['audio'],
    instructions: '',
    tools: [],
    tool_choice: 'auto',
    max_output_tokens: 'inf',
    tracing: null,
    truncation: 'auto',
    prompt: null,
    include: null,
  };
  #input: be.Fields = {
    format: PCM,
    transcription: null,
    noise_reduction: null,
    turn_detection: withDefaults({ type: 'server_vad' }),
  };
  #output: be.Fields = { format: PCM, voice: 'alloy', speed: 1 };

  constructor(
    readonly id: string,
    readonly model: string,
    /** Seconds since 1970; 0 for a session that has not begun. */
    readonly expiresAt: number,
  ) {}

  /** Takes over the fields that are present; the request has passed `sessionRequest`. */
  update(request: be.Fields): void {
    const { audio, type: _type, model: _model, ...fields } = request;
    const { input, output: wanted } = be.fieldsOf(audio) ?? {};
    const turn = be.fieldsOf(be.fieldsOf(input)?.['turn_detection']);
    this.#fields = { ...this.#fields, ...fields };
    this.#input = { ...this.#input, ...be.fieldsOf(input) };
    if (turn !== undefined) this.#input = { ...this.#input, turn_detection: withDefaults(turn) };
    this.#output = { ...this.#output, ...be.fieldsOf(wanted) };
  }

  get instructions(): string {
    return String(this.#fields['instructions']);
  }

  get voice(): string {
    return String(this.#output['voice']);
  }

  get speed(): number {
    return Number(this.#output['speed']);
  }

  get modality(): 'audio' | 'text' {
    return Array.isArray(this.#fields['output_modalities']) && this.#fields['output_modalities'][0] === 'text'
      ? 'text'
      : 'audio';
  }

  get maxOutputTokens(): number | 'inf' {
    const tokens = this.#fields['max_output_tokens'];
    return typeof tokens === 'number' ? tokens : 'inf';
  }

  /** The model that transcribes what is said; undefined while nobody asked for transcripts. */
  get transcriber(): string | undefined {
    const asked = be.fieldsOf(this.#input['transcription']);
    if (asked === undefined) return undefined;
    return typeof asked['model'] === 'string' ? asked['model'] : 'gpt-4o-mini-transcribe';
  }

  /** Undefined while turns are the client's own affair (push-to-talk). */
  get turnDetection(): TurnDetection | undefined {
    const turn = be.fieldsOf(this.#input['turn_detection']);
    if (turn === undefined) return undefined;
    const ms = (name: string, byDefault: number): number => (typeof turn[name] === 'number' ? turn[name] : byDefault);
    return {
      threshold: ms('threshold', 0.5),
      prefixPaddingMs: ms('prefix_padding_ms', 300),
      silenceMs: ms('silence_duration_ms', 500),
      createsResponse: turn['create_response'] !== false,
      interruptsResponse: turn['interrupt_response'] !== false,
    };
  }

  /** The session as OpenAI shows it in `session.created`, `session.updated` and beside a client secret. */
  get view(): be.Fields {
    return {
      type: 'realtime',
      object: 'realtime.session',
      id: this.id,
      model: this.model,
      ...this.#fields,
      expires_at: this.expiresAt,
      audio: { input: this.#input, output: this.#output },
    };
  }
}

/** When a turn begins and ends, and what follows. */
export interface TurnDetection {
  /** From 0 to 1; more wants louder speech. */
  readonly threshold: number;
  readonly prefixPaddingMs: number;
  readonly silenceMs: number;
  readonly createsResponse: boolean;
  readonly interruptsResponse: boolean;
}

function withDefaults(turn: be.Fields): be.Fields {
  const both = { create_response: true, interrupt_response: true };
  if (turn['type'] === 'semantic_vad') return { eagerness: 'auto', ...both, ...turn };
  const vad = { threshold: 0.5, prefix_padding_ms: 300, silence_duration_ms: 500, idle_timeout_ms: null };
  return { ...vad, ...both, ...turn };
}
