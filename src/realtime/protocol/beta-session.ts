import { type Fields, fieldsOf, present } from './fields.js';

const FORMATS: ReadonlyMap<unknown, Fields> = new Map([
  ['pcm16', { type: 'audio/pcm', rate: 24_000 }],
  ['g711_ulaw', { type: 'audio/pcmu' }],
  ['g711_alaw', { type: 'audio/pcma' }],
]);
const BETA_FORMATS = new Map([...FORMATS].map(([name, { type }]) => [type, name]));

/** Whether a session is in the shape of the beta: the GA interface asks for `type` and has its audio below `audio`. */
export function isFlatSession(session: Fields): boolean {
  return !['type', 'audio', 'output_modalities'].some((name) => name in session);
}

/** Whether a response is asked for in words that only the beta has. */
export function isFlatResponse(response: Fields): boolean {
  return ['modalities', 'voice', 'output_audio_format', 'temperature', 'max_response_output_tokens'].some(
    (name) => name in response,
  );
}

/**
 * A flat session of the beta as the GA interface takes it. `temperature` is gone there; what the beta's server adds to a session
 * (`id`, `object`, …) is left out, since clients send back what they got. Fields that are alike in both, and unknown ones, are kept.
 */
export function toGaSession(flat: Fields): Fields {
  const {
    modalities,
    voice,
    speed,
    input_audio_format: inputFormat,
    output_audio_format: outputFormat,
    input_audio_transcription: transcription,
    input_audio_noise_reduction: noiseReduction,
    turn_detection: turnDetection,
    max_response_output_tokens: maxTokens,
    temperature: _temperature,
    id: _id,
    object: _object,
    expires_at: _expiresAt,
    client_secret: _clientSecret,
    ...alike
  } = flat;
  const input = present({
    format: toGaFormat(inputFormat),
    transcription,
    noise_reduction: noiseReduction,
    turn_detection: turnDetection,
  });
  const output = present({ format: toGaFormat(outputFormat), voice, speed });
  const audio = { ...(isEmpty(input) ? {} : { input }), ...(isEmpty(output) ? {} : { output }) };
  return {
    type: 'realtime',
    ...alike,
    ...present({ output_modalities: toGaModalities(modalities), max_output_tokens: maxTokens }),
    ...(isEmpty(audio) ? {} : { audio }),
  };
}

/** The wish for a response in the beta's words as the GA interface takes it. */
export function toGaResponse(flat: Fields): Fields {
  const {
    modalities,
    voice,
    output_audio_format: outputFormat,
    temperature: _temperature,
    max_response_output_tokens: maxTokens,
    ...alike
  } = flat;
  const output = present({ format: toGaFormat(outputFormat), voice });
  return {
    ...alike,
    ...present({ output_modalities: toGaModalities(modalities), max_output_tokens: maxTokens }),
    ...(isEmpty(output) ? {} : { audio: { output } }),
  };
}

/** A session of the GA interface in the flat shape of the beta. */
export function toFlatSession(session: Fields): Fields {
  const { type: _type, audio, output_modalities: modalities, max_output_tokens: maxTokens, ...alike } = session;
  const { input, output } = { input: undefined, output: undefined, ...fieldsOf(audio) };
  const {
    format: inputFormat,
    transcription,
    noise_reduction: noiseReduction,
    turn_detection: turnDetection,
  } = {
    ...fieldsOf(input),
  };
  return {
    ...alike,
    ...present({
      modalities: toFlatModalities(modalities),
      ...flatOutput(output),
      input_audio_format: toFlatFormat(inputFormat),
      input_audio_transcription: transcription,
      input_audio_noise_reduction: noiseReduction,
      turn_detection: turnDetection,
      max_response_output_tokens: maxTokens,
    }),
  };
}

/** A response of the GA interface as the beta tells it; its output is left as it is. */
export function toFlatResponse(response: Fields): Fields {
  const { audio, output_modalities: modalities, ...alike } = response;
  const output = fieldsOf(audio)?.['output'];
  return { ...alike, ...present({ modalities: toFlatModalities(modalities), ...flatOutput(output) }) };
}

function flatOutput(output: unknown): Fields {
  const { format, voice, speed } = { ...fieldsOf(output) };
  return { voice, speed, output_audio_format: toFlatFormat(format) };
}

/** The GA interface knows audio (with its transcript) or text; the beta names both for the first. */
function toGaModalities(modalities: unknown): unknown {
  if (!Array.isArray(modalities)) return modalities;
  return modalities.includes('audio') ? ['audio'] : modalities;
}

function toFlatModalities(modalities: unknown): unknown {
  return Array.isArray(modalities) && modalities.includes('audio') ? ['text', 'audio'] : modalities;
}

function toGaFormat(format: unknown): unknown {
  return FORMATS.get(format) ?? format;
}

function toFlatFormat(format: unknown): unknown {
  return BETA_FORMATS.get(fieldsOf(format)?.['type']) ?? format;
}

function isEmpty(fields: object): boolean {
  return Object.keys(fields).length === 0;
}
