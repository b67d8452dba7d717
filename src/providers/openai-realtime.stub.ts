import { createHash, randomBytes } from 'node:crypto';
import { failsAsAsked, openAiError } from './magic-words.js';
import type { ProviderCall } from './provider-call.js';

type Fields = Readonly<Record<string, unknown>>;

const LIFE = { min: 10, max: 7200, byDefault: 600 };
const VOICES = new Set(['alloy', 'ash', 'ballad', 'cedar', 'coral', 'echo', 'marin', 'sage', 'shimmer', 'verse']);
const BODY_FIELDS = new Set(['expires_after', 'session']);
const SESSION_FIELDS = new Set([
  'audio',
  'include',
  'instructions',
  'max_output_tokens',
  'model',
  'output_modalities',
  'prompt',
  'tool_choice',
  'tools',
  'tracing',
  'truncation',
  'type',
]);

/** Why a request is refused: OpenAI's message and the parameter that it names. */
class Refusal {
  constructor(
    readonly message: string,
    readonly param: string,
    readonly code: string | null = null,
  ) {}
}

/** Answers `POST /openai/v1/realtime/client_secrets` in OpenAI's GA shape; the shape of the beta is refused. */
export async function makeClientSecret(call: ProviderCall): Promise<void> {
  if (call.header('openai-beta') !== '') {
    const error = 'The Realtime Beta API is no longer supported. Remove the OpenAI-Beta header.';
    return call.json(400, openAiError(error, 'invalid_request_error', 'beta_api_shape_disabled'));
  }
  const body = await call.jsonBody();
  const wanted = body === undefined ? new Refusal('We could not parse the JSON body.', '') : read(body);
  if (wanted instanceof Refusal) {
    const { message, param, code } = wanted;
    return call.json(400, { error: { message, type: 'invalid_request_error', param, code } });
  }
  if (await failsAsAsked(call, wanted.instructions)) return;
  const value = `ek_${randomBytes(16).toString('hex')}`;
  call.json(200, {
    value,
    expires_at: Math.floor(Date.now() / 1000) + wanted.lifeS,
    session: {
      type: 'realtime',
      object: 'realtime.session',
      id: `sess_${createHash('sha256').update(value).digest('hex').slice(0, 24)}`,
      model: wanted.model,
      output_modalities: ['audio'],
      instructions: wanted.instructions,
      tools: [],
      tool_choice: 'auto',
      max_output_tokens: 'inf',
      tracing: null,
      truncation: 'auto',
      prompt: null,
      expires_at: 0,
      audio: {
        input: {
          format: { type: 'audio/pcm', rate: 24_000 },
          transcription: null,
          noise_reduction: null,
          turn_detection: wanted.turnDetection,
        },
        output: { format: { type: 'audio/pcm', rate: 24_000 }, voice: wanted.voice, speed: 1 },
      },
      include: null,
    },
  });
}

interface Wanted {
  readonly lifeS: number;
  readonly model: string;
  readonly voice: string;
  readonly instructions: string;
  readonly turnDetection: unknown;
}

function read(body: Fields): Wanted | Refusal {
  const extra = Object.keys(body).find((name) => !BODY_FIELDS.has(name));
  if (extra !== undefined) return unknownField(extra);
  const session = fieldsOf(body['session'] ?? {});
  if (session?.['type'] !== 'realtime') return new Refusal('Missing required parameter: session.type.', 'session.type');
  const flat = Object.keys(session).find((name) => !SESSION_FIELDS.has(name));
  if (flat !== undefined) return unknownField(`session.${flat}`);
  const after = fieldsOf(body['expires_after'] ?? {});
  const lifeS = after?.['seconds'] ?? LIFE.byDefault;
  if (after === undefined || (after['anchor'] ?? 'created_at') !== 'created_at')
    return new Refusal('Invalid value: only created_at is supported.', 'expires_after.anchor');
  if (typeof lifeS !== 'number' || !Number.isInteger(lifeS) || lifeS < LIFE.min || lifeS > LIFE.max)
    return new Refusal(`Invalid value: from ${LIFE.min} to ${LIFE.max} is expected.`, 'expires_after.seconds');
  const model = session['model'] ?? 'gpt-realtime';
  if (typeof model !== 'string' || !model.startsWith('gpt-realtime'))
    return new Refusal('The requested model does not exist.', 'session.model', 'model_not_found');
  const instructions = session['instructions'] ?? '';
  if (typeof instructions !== 'string')
    return new Refusal('Invalid type: a string is expected.', 'session.instructions');
  const audio = fieldsOf(session['audio'] ?? {});
  const voice = fieldsOf(audio?.['output'] ?? {})?.['voice'] ?? 'alloy';
  if (typeof voice !== 'string' || !VOICES.has(voice))
    return new Refusal(`Invalid value: supported are ${[...VOICES].join(', ')}.`, 'session.audio.output.voice');
  const input = fieldsOf(audio?.['input'] ?? {});
  const turnDetection = input?.['turn_detection'] === undefined ? { type: 'server_vad' } : input['turn_detection'];
  return { lifeS, model, voice, instructions, turnDetection };
}

function unknownField(name: string): Refusal {
  return new Refusal(`Unknown parameter: '${name}'.`, name, 'unknown_parameter');
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
