import type { Environment } from './environment.js';
import { VoiceError, type VoiceFault } from './voice-error.js';

/** What the worklet gets to say the last words in. */
const FLUSH_MS = 300;
const WORKLET = 'donna-capture';

export interface MicrophoneListener {
  /** PCM16, 24 kHz, mono, some 40 ms. */
  onFrame(bytes: ArrayBuffer): void;
  /** Unplugged, or taken away by the person. */
  onLost(): void;
}

/** The person's microphone, silent between two turns, and given back by `close`. */
export class Microphone {
  private readonly listeners = new AbortController();
  private flushed: (() => void) | undefined;

  private constructor(
    private readonly environment: Environment,
    private readonly stream: MediaStream,
    private readonly source: MediaStreamAudioSourceNode,
    private readonly node: AudioWorkletNode,
    private readonly listener: MicrophoneListener,
  ) {
    const { signal } = this.listeners;
    node.port.addEventListener('message', ({ data }: MessageEvent<unknown>) => this.take(data), { signal });
    node.port.start();
    for (const track of stream.getTracks()) track.addEventListener('ended', () => listener.onLost(), { signal });
  }

  /** Asks the person. @throws VoiceError microphone_… or audio_unsupported */
  static async open(
    environment: Environment,
    context: AudioContext,
    listener: MicrophoneListener,
  ): Promise<Microphone> {
    let stream: MediaStream;
    try {
      stream = await environment.askForMicrophone();
    } catch (error) {
      throw new VoiceError(faultOf(error));
    }
    try {
      await context.audioWorklet.addModule(new URL('capture-worklet.js', environment.moduleUrl).href);
      const node = environment.createWorkletNode(context, WORKLET);
      const source = context.createMediaStreamSource(stream);
      source.connect(node);
      return new Microphone(environment, stream, source, node, listener);
    } catch {
      for (const track of stream.getTracks()) track.stop();
      throw new VoiceError('audio_unsupported');
    }
  }

  start(): void {
    for (const track of this.stream.getTracks()) track.enabled = true;
    this.node.port.postMessage('start');
  }

  /** Ends a turn; resolves when its last frame has been handed over. */
  async flush(): Promise<void> {
    let cancel = () => undefined as void;
    await new Promise<void>((resolve) => {
      this.flushed = resolve;
      cancel = this.environment.after(FLUSH_MS, resolve);
      this.node.port.postMessage('flush');
    });
    cancel();
    this.flushed = undefined;
    for (const track of this.stream.getTracks()) track.enabled = false;
  }

  close(): void {
    this.listeners.abort();
    this.node.port.postMessage('stop');
    this.source.disconnect();
    for (const track of this.stream.getTracks()) track.stop();
    this.flushed?.();
  }

  private take(data: unknown): void {
    if (data instanceof ArrayBuffer) this.listener.onFrame(data);
    else if (data === 'flushed') this.flushed?.();
  }
}

/** By the names of Media Capture and Streams, section 10.2. */
function faultOf(error: unknown): VoiceFault {
  switch (error instanceof Error ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'microphone_blocked';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'microphone_missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'microphone_busy';
    default:
      // `navigator.mediaDevices` is there over https only.
      return 'audio_unsupported';
  }
}
