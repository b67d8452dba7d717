import { makeId } from './event-outlet.js';
import { decodeAudio } from './item.js';
import { BYTES_PER_MS, PcmBuffer } from './pcm-buffer.js';
import { Refusal } from './refusal.js';
import type { TurnDetection } from './session-config.js';
import { VoiceActivity } from './voice-activity.js';

const LEAST_MS = 100;
const STEP_BYTES = 100 * BYTES_PER_MS;

/** What server VAD has found in the audio. */
export interface TurnChange {
  readonly kind: 'started' | 'stopped';
  readonly atMs: number;
  /** The item that the turn becomes. */
  readonly itemId: string;
}

/** The input audio buffer of a session, with its detection of turns. */
export class InputAudio {
  readonly #buffer = new PcmBuffer();
  readonly #activity = new VoiceActivity();
  #itemId = makeId('item');

  constructor(private readonly maxBytes: number) {}

  /** Takes the next piece, base64; calls back for each turn that begins or ends in it. */
  append(encoded: unknown, turn: TurnDetection | undefined, tell: (change: TurnChange) => void): Refusal | undefined {
    const piece = decodeAudio(encoded, 'audio');
    if (piece instanceof Refusal) return piece;
    if (this.#buffer.byteLength + piece.byteLength > this.maxBytes) {
      const most = `${this.maxBytes} bytes of audio may wait for a commit.`;
      return new Refusal(`Input audio buffer is full: at most ${most}`, 'input_audio_buffer_full', 'audio');
    }
    if (turn === undefined) {
      this.#buffer.append(piece);
      return undefined;
    }
    // A piece may hold several turns: each ends with what was said in it.
    for (let at = 0; at < piece.byteLength; at += STEP_BYTES) {
      this.#listen(piece.subarray(at, at + STEP_BYTES), turn, tell);
    }
    return undefined;
  }

  /** Takes out what is one item; refused below 100 ms. */
  commit(): { readonly itemId: string; readonly pcm: Buffer } | Refusal {
    const { ms } = this.#buffer;
    if (ms < LEAST_MS) {
      const fault = `buffer too small. Expected at least 100ms of audio, but buffer only has ${ms.toFixed(2)}ms of audio.`;
      return new Refusal(`Error committing input audio buffer: ${fault}`, 'input_audio_buffer_commit_empty');
    }
    const taken = { itemId: this.#itemId, pcm: this.#buffer.take() };
    this.#begin();
    return taken;
  }

  clear(): void {
    this.#buffer.clear();
    this.#begin();
  }

  #listen(piece: Buffer, turn: TurnDetection, tell: (change: TurnChange) => void): void {
    this.#buffer.append(piece);
    this.#activity.hear(piece, turn, ({ kind, atMs }) => tell({ kind, atMs, itemId: this.#itemId }));
    // Silence before speech is kept for the padding only.
    if (!this.#activity.isSpeech) this.#buffer.keepLast((turn.prefixPaddingMs + LEAST_MS) * BYTES_PER_MS);
  }

  #begin(): void {
    this.#activity.reset();
    this.#itemId = makeId('item');
  }
}
