/** A browser's sound and microphone without either: what is to be heard is noted, what is to be said comes from the test. */
export class FakeAudio {
  /** What the person answers when the page asks for the microphone. */
  permission: Promise<void> = Promise.resolve();
  readonly contexts: FakeContext[] = [];
  readonly tracks: FakeTrack[] = [];
  readonly orders: unknown[] = [];
  private port: EventTarget | undefined;

  createContext(): AudioContext {
    const context = new FakeContext();
    this.contexts.push(context);
    return context as unknown as AudioContext;
  }

  async askForMicrophone(): Promise<MediaStream> {
    await this.permission;
    const track = new FakeTrack();
    this.tracks.push(track);
    return { getTracks: () => [track] } as unknown as MediaStream;
  }

  createWorkletNode(): AudioWorkletNode {
    const port = Object.assign(new EventTarget(), {
      start: () => undefined,
      postMessage: (order: unknown) => {
        this.orders.push(order);
        if (order === 'flush') queueMicrotask(() => this.sendToPage('flushed'));
      },
    });
    this.port = port;
    return { port } as unknown as AudioWorkletNode;
  }

  /** The person speaks: frames of 40 ms, each filled with its number. */
  speak(frames: number, first = 1): void {
    for (let i = 0; i < frames; i += 1) this.sendToPage(new Uint8Array(1920).fill((first + i) % 256).buffer);
  }

  private sendToPage(data: unknown): void {
    this.port?.dispatchEvent(new MessageEvent('message', { data }));
  }

  get context(): FakeContext {
    const context = this.contexts.at(-1);
    if (context === undefined) throw new Error('no audio context was made');
    return context;
  }
}

class FakeTrack extends EventTarget {
  enabled = true;
  isStopped = false;

  stop(): void {
    this.isStopped = true;
  }
}

class FakeSource extends EventTarget {
  buffer: { readonly length: number; readonly samples: Float32Array } | undefined;
  startsAt = -1;
  isStopped = false;
  hasEnded = false;

  connect(): void {}
  disconnect(): void {}
  start(at: number): void {
    this.startsAt = at;
  }
  stop(): void {
    this.isStopped = true;
  }
}

export class FakeContext {
  currentTime = 0;
  isClosed = false;
  readonly destination = {};
  readonly sources: FakeSource[] = [];
  readonly modules: string[] = [];
  readonly audioWorklet = { addModule: async (url: string) => void this.modules.push(url) };

  async resume(): Promise<void> {}
  async close(): Promise<void> {
    this.isClosed = true;
  }

  createMediaStreamSource(): object {
    return { connect: () => undefined, disconnect: () => undefined };
  }

  createBuffer(_channels: number, length: number, rate: number): object {
    if (rate !== 24_000) throw new Error(`a buffer of ${rate} Hz`);
    const samples = new Float32Array(length);
    return { length, samples, copyToChannel: (from: Float32Array) => samples.set(from) };
  }

  createBufferSource(): FakeSource {
    const source = new FakeSource();
    this.sources.push(source);
    return source;
  }

  /** Lets the sound play up to a moment, and ends what has been heard. */
  playUntil(seconds: number): void {
    this.currentTime = seconds;
    for (const source of this.sources) {
      const end = source.startsAt + (source.buffer?.length ?? 0) / 24_000;
      if (end > seconds || source.hasEnded) continue;
      source.hasEnded = true;
      source.dispatchEvent(new Event('ended'));
    }
  }
}
