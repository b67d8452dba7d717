import { countTokens } from '../receptionist.js';
import type { Item } from './item.js';
import { BYTES_PER_MS } from './pcm-buffer.js';
import type { Fields } from './shape.js';

/** OpenAI counts a token for each 100 ms that it hears, and for each 50 ms that it says. */
const HEARD_MS = 100;
const SAID_MS = 50;

/** The tokens of a response, as `response.done` tells them. */
export function usageOf(
  context: readonly Item[],
  instructions: string,
  reply: string,
  spokenMs: number | undefined,
): Fields {
  const heardBytes = context.reduce((sum, { pcm }) => sum + (pcm?.byteLength ?? 0), 0);
  const text = countTokens(instructions + context.map(({ said }) => said ?? '').join(' '));
  const audio = Math.ceil(heardBytes / BYTES_PER_MS / HEARD_MS);
  const written = reply === '' ? 0 : countTokens(reply);
  const spoken = Math.ceil((spokenMs ?? 0) / SAID_MS);
  return {
    total_tokens: text + audio + written + spoken,
    input_tokens: text + audio,
    output_tokens: written + spoken,
    input_token_details: {
      text_tokens: text,
      audio_tokens: audio,
      image_tokens: 0,
      cached_tokens: 0,
      cached_tokens_details: { text_tokens: 0, audio_tokens: 0, image_tokens: 0 },
    },
    output_token_details: { text_tokens: written, audio_tokens: spoken },
  };
}

/** The tokens of a transcript of audio. */
export function transcriptUsage(transcriber: string, heardBytes: number, transcript: string): Fields {
  const ms = heardBytes / BYTES_PER_MS;
  if (transcriber === 'whisper-1') return { type: 'duration', seconds: Math.ceil(ms / 1000) };
  const audio = Math.ceil(ms / HEARD_MS);
  const output = countTokens(transcript);
  return {
    type: 'tokens',
    total_tokens: audio + output,
    input_tokens: audio,
    input_token_details: { text_tokens: 0, audio_tokens: audio },
    output_tokens: output,
  };
}
