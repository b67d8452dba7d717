import { SAMPLE_RATE } from './client-config.js';
import { fromPcm16 } from './pcm16.js';

/** Seconds between the arrival of the first sound and its start: what evens out a jittery network. */
const LEAD_S = 0.06;
/** Seconds of sound that may wait; a provider sends faster than people listen. */
const MAX_WAITING_S = 180;

interface Scheduled {
  readonly source: AudioBufferSourceNode;
  readonly itemId: string;
  readonly startsAt: number;
  readonly seconds: number;
}

/** What was being said when it was interrupted. */
export interface Interrupted {
  readonly itemId: string;
  readonly contentIndex: number;
  /** Of the item's sound, that was heard. */
  readonly playedMs: number;
}

/** Plays pieces of PCM16 one after the other without a gap, until they end or somebody interrupts. */
export class Playback {
  private readonly scheduled = new Set<Scheduled>();
  private nextAt = 0;
  private item: { readonly id: string; readonly contentIndex: number } | undefined;
  /** Seconds heard of the current item in pieces that have ended. */
  private heardS = 0;

  constructor(
    private readonly context: () => AudioContext | undefined,
    private readonly onChange: (isPlaying: boolean) => void,
  ) {}

  get isPlaying(): boolean {
    return this.scheduled.size > 0;
  }

  /** False when it is not played: no sound here, nothing in it, or too much waits already. */
  play(bytes: Uint8Array, { id, contentIndex }: { readonly id: string; readonly contentIndex: number }): boolean {
    const context = this.context();
    if (context === undefined || bytes.byteLength < 2) return false;
    const now = context.currentTime;
    if (this.nextAt - now > MAX_WAITING_S) return false;
    const samples = fromPcm16(bytes);
    const buffer = context.createBuffer(1, samples.length, SAMPLE_RATE);
    buffer.copyToChannel(samples, 0);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    if (this.item?.id !== id) {
      this.item = { id, contentIndex };
      this.heardS = 0;
    }
    const startsAt = Math.max(this.nextAt, now + LEAD_S);
    const piece: Scheduled = { source, itemId: id, startsAt, seconds: samples.length / SAMPLE_RATE };
    source.addEventListener('ended', () => this.end(piece));
    const wasPlaying = this.isPlaying;
    this.scheduled.add(piece);
    source.start(startsAt);
    this.nextAt = startsAt + piece.seconds;
    if (!wasPlaying) this.onChange(true);
    return true;
  }

  /** Falls silent at once. Undefined when nothing was being played. */
  interrupt(): Interrupted | undefined {
    const { item } = this;
    const now = this.context()?.currentTime ?? 0;
    if (!this.isPlaying) return undefined;
    let heardS = this.heardS;
    for (const piece of this.scheduled) {
      if (piece.itemId === item?.id) heardS += Math.min(piece.seconds, Math.max(0, now - piece.startsAt));
      piece.source.stop();
      piece.source.disconnect();
    }
    this.scheduled.clear();
    this.nextAt = 0;
    this.item = undefined;
    this.heardS = 0;
    this.onChange(false);
    return item && { itemId: item.id, contentIndex: item.contentIndex, playedMs: Math.floor(heardS * 1000) };
  }

  private end(piece: Scheduled): void {
    if (!this.scheduled.delete(piece)) return;
    piece.source.disconnect();
    if (piece.itemId === this.item?.id) this.heardS += piece.seconds;
    if (!this.isPlaying) this.onChange(false);
  }
}
