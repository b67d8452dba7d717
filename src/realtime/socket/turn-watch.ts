import type { RealtimeMetrics } from '../realtime-metrics.js';

const AUDIO = 'response.output_audio.delta';
const WORDS = new Set(['response.output_audio_transcript.delta', 'response.output_text.delta']);
const ASKS = new Set(['response.create', 'input_audio_buffer.commit']);
/** Who speaks is answered by himself under server VAD: then the clock starts here. */
const SPEECH_ENDED = 'input_audio_buffer.speech_stopped';

/** Follows the turns of a conversation by the types of its frames: how long an answer takes, and whether one is under way. */
export class TurnWatch {
  private audioAskedAt: number | undefined;
  private wordsAskedAt: number | undefined;
  private underWay = 0;

  constructor(private readonly metrics: RealtimeMetrics) {}

  /** A response has begun and is not done. */
  get isAnswering(): boolean {
    return this.underWay > 0;
  }

  fromClient(type: string): void {
    if (ASKS.has(type)) this.ask();
  }

  /** Returns whether a response is done with it. */
  fromProvider(type: string): boolean {
    if (type === AUDIO && this.audioAskedAt !== undefined) {
      this.metrics.firstAudioAfter(performance.now() - this.audioAskedAt);
      this.audioAskedAt = undefined;
    } else if (WORDS.has(type) && this.wordsAskedAt !== undefined) {
      this.metrics.firstTranscriptAfter(performance.now() - this.wordsAskedAt);
      this.wordsAskedAt = undefined;
    } else if (type === SPEECH_ENDED) this.ask();
    else if (type === 'response.created') this.underWay += 1;
    else if (type === 'response.done') {
      this.underWay = Math.max(0, this.underWay - 1);
      this.audioAskedAt = undefined;
      this.wordsAskedAt = undefined;
      return true;
    }
    return false;
  }

  /** The provider is gone: nothing is under way any more. */
  reset(): void {
    this.underWay = 0;
    this.audioAskedAt = undefined;
    this.wordsAskedAt = undefined;
  }

  private ask(): void {
    this.audioAskedAt = performance.now();
    this.wordsAskedAt = this.audioAskedAt;
  }
}
