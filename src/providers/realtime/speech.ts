import { secondsToSay } from '../tone.js';
import { SAMPLE_RATE } from './pcm-buffer.js';

/** Pitch of each voice in hertz; a voice keeps its pitch. */
const PITCH: Readonly<Record<string, number>> = {
  alloy: 175,
  ash: 120,
  ballad: 135,
  cedar: 110,
  coral: 205,
  echo: 125,
  marin: 195,
  sage: 185,
  shimmer: 215,
  verse: 145,
};
const TABLE = timbre();
const SYLLABLE_CHARACTERS = 3;
const LOUDNESS = 9000;

/** A piece of speech: what is said in it, and its sound as PCM16 at 24 kHz. */
export interface SpokenPiece {
  readonly text: string;
  readonly pcm: Buffer;
}

/**
 * Says a text word by word: no words that one could understand, but a tone with a pitch of its own for each voice, that
 * rises and falls by syllables and pauses between words. The same text and voice sound the same each time.
 */
export function* speak(text: string, voice: string, speed = 1): Generator<SpokenPiece> {
  const pitch = PITCH[voice] ?? 175;
  for (const word of text.match(/\S+\s*/g) ?? []) yield { text: word, pcm: sing(word, pitch, speed) };
}

function sing(word: string, pitch: number, speed: number): Buffer {
  const samples = Math.round((secondsToSay(word) / speed) * SAMPLE_RATE);
  const pause = Math.round(samples * (/[.,;:!?]\s*$/.test(word) ? 0.35 : 0.12));
  const syllables = Math.max(1, Math.round(word.trim().length / SYLLABLE_CHARACTERS));
  const pcm = Buffer.alloc(samples * 2);
  const long = (samples - pause) / syllables;
  let phase = 0;
  for (let at = 0; at < samples - pause; at += 1) {
    const syllable = Math.floor(at / long);
    const within = at / long - syllable;
    const hertz = pitch * (0.9 + ((word.codePointAt(syllable) ?? 0) % 7) * 0.04) * (1.05 - 0.1 * within);
    phase = (phase + (hertz * TABLE.length) / SAMPLE_RATE) % TABLE.length;
    const envelope = Math.min(1, within * 8, (1 - within) * 4);
    pcm.writeInt16LE(Math.round(LOUDNESS * envelope * (TABLE[Math.floor(phase)] ?? 0)), at * 2);
  }
  return pcm;
}

/** One period of a tone with overtones, as a table: a sine for each sample would cost ten times as much. */
function timbre(): Float64Array {
  const overtones = [1, 0.55, 0.4, 0.2, 0.1];
  const sum = overtones.reduce((all, one) => all + one);
  return Float64Array.from({ length: 1024 }, (_, at) => {
    const angle = (2 * Math.PI * at) / 1024;
    return overtones.reduce((value, weight, overtone) => value + weight * Math.sin(angle * (overtone + 1)), 0) / sum;
  });
}
