import { BYTES_PER_MS } from './pcm-buffer.js';
import type { TurnDetection } from './session-config.js';

const FRAME_MS = 20;
const FRAME_BYTES = FRAME_MS * BYTES_PER_MS;
/** Speech begins after so much sound without a break: a click is none. */
const BEGINS_AFTER_MS = 60;
/** Loudness (root mean square, of full scale) at which a threshold of 1 hears speech. */
const LOUDEST = 0.04;

/** What has been heard; `atMs` counts the audio of the whole session. */
export interface Heard {
  readonly kind: 'started' | 'stopped';
  readonly atMs: number;
}

/** Hears where speech begins and ends by the energy of PCM16 at 24 kHz, in frames of 20 ms. */
export class VoiceActivity {
  #isSpeech = false;
  #loudMs = 0;
  #quietMs = 0;
  #heardMs = 0;
  #rest = Buffer.alloc(0);

  get isSpeech(): boolean {
    return this.#isSpeech;
  }

  /** Listens to the next piece; calls back in order, for each beginning and end of speech. */
  hear(piece: Buffer, turn: TurnDetection, tell: (heard: Heard) => void): void {
    const audio = this.#rest.byteLength === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let at = 0;
    for (; at + FRAME_BYTES <= audio.byteLength; at += FRAME_BYTES) {
      this.#heardMs += FRAME_MS;
      const isLoud = loudnessOf(audio, at) >= turn.threshold * LOUDEST;
      this.#loudMs = isLoud ? this.#loudMs + FRAME_MS : 0;
      this.#quietMs = isLoud ? 0 : this.#quietMs + FRAME_MS;
      if (!this.#isSpeech && this.#loudMs >= BEGINS_AFTER_MS) {
        this.#isSpeech = true;
        tell({ kind: 'started', atMs: Math.max(0, this.#heardMs - this.#loudMs - turn.prefixPaddingMs) });
      } else if (this.#isSpeech && this.#quietMs >= turn.silenceMs) {
        this.#isSpeech = false;
        tell({ kind: 'stopped', atMs: this.#heardMs });
      }
    }
    this.#rest = Buffer.from(audio.subarray(at));
  }

  /** Starts afresh, for a buffer that was committed or cleared; the clock of the session goes on. */
  reset(): void {
    this.#isSpeech = false;
    this.#loudMs = 0;
    this.#quietMs = 0;
  }
}

function loudnessOf(audio: Buffer, at: number): number {
  let sum = 0;
  for (let byte = at; byte < at + FRAME_BYTES; byte += 2) {
    const sample = audio.readInt16LE(byte) / 32_768;
    sum += sample * sample;
  }
  return Math.sqrt(sum / (FRAME_BYTES / 2));
}
