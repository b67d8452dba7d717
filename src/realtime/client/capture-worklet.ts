import { toPcm16 } from './pcm16.js';
import { Resampler } from './resampler.js';

// The global scope of an AudioWorklet (Web Audio API, section 1.32), which lib.dom leaves out.
declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

const RATE = 24_000;
const FRAME_MS = 40;
const FRAME_SAMPLES = (RATE * FRAME_MS) / 1000;

/**
 * Turns the microphone into frames of 40 ms, PCM16, 24 kHz, mono, between the messages `start` and `flush`; `flush` sends what
 * is left and is answered with `flushed`, `stop` ends it.
 */
class CaptureProcessor extends AudioWorkletProcessor {
  private resampler = new Resampler(sampleRate, RATE);
  private readonly frame = new Float32Array(FRAME_SAMPLES);
  private filled = 0;
  private isOn = false;
  private isStopped = false;

  constructor() {
    super();
    this.port.addEventListener('message', ({ data }: MessageEvent<unknown>) => this.obey(data));
    this.port.start();
  }

  /** Called with each block of samples; false lets the node go. */
  process([input = []]: readonly (readonly Float32Array[])[]): boolean {
    const [first, ...others] = input;
    if (this.isOn && first !== undefined) this.resampler.push(mix(first, others), this.take);
    return !this.isStopped;
  }

  private obey(order: unknown): void {
    if (order === 'start') {
      this.resampler = new Resampler(sampleRate, RATE);
      this.filled = 0;
    }
    if (order === 'flush') {
      this.send();
      this.port.postMessage('flushed');
    }
    this.isOn = order === 'start';
    this.isStopped ||= order === 'stop';
  }

  private readonly take = (sample: number): void => {
    this.frame[this.filled] = sample;
    this.filled += 1;
    if (this.filled === FRAME_SAMPLES) this.send();
  };

  private send(): void {
    if (this.filled === 0) return;
    const bytes = toPcm16(this.frame.subarray(0, this.filled));
    this.filled = 0;
    this.port.postMessage(bytes, [bytes]);
  }
}

function mix(first: Float32Array, others: readonly Float32Array[]): Float32Array {
  if (others.length === 0) return first;
  const count = others.length + 1;
  return first.map((sample, i) => others.reduce((sum, channel) => sum + (channel[i] ?? 0), sample) / count);
}

registerProcessor('donna-capture', CaptureProcessor);
