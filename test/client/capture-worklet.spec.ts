import { beforeEach, describe, expect, it, jest } from '@jest/globals';

interface Processor {
  readonly port: FakePort;
  process(inputs: readonly (readonly Float32Array[])[]): boolean;
}

class FakePort extends EventTarget {
  readonly sent: unknown[] = [];

  start(): void {}

  postMessage(message: unknown): void {
    this.sent.push(message);
  }

  order(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }

  get frames(): Int16Array[] {
    return this.sent.flatMap((message) => (message instanceof ArrayBuffer ? [new Int16Array(message)] : []));
  }
}

/** Loads the worklet into a global scope as an AudioWorklet has it. */
async function loadProcessor(rateHz: number): Promise<Processor> {
  let Made: (new () => Processor) | undefined;
  Object.assign(globalThis, {
    sampleRate: rateHz,
    AudioWorkletProcessor: class {
      readonly port = new FakePort();
    },
    registerProcessor: (name: string, processor: new () => Processor) => {
      expect(name).toBe('donna-capture');
      Made = processor;
    },
  });
  jest.resetModules();
  await import('../../src/realtime/client/capture-worklet.js');
  if (Made === undefined) throw new Error('no processor was registered');
  return new Made();
}

const block = (value: number): Float32Array => new Float32Array(128).fill(value);

describe('the capture worklet', () => {
  let processor: Processor;
  beforeEach(async () => {
    processor = await loadProcessor(48_000);
  });

  it('makes frames of 40 ms, PCM16, 24 kHz, of what is between start and flush', () => {
    processor.process([[block(0.9)]]);
    expect(processor.port.sent).toEqual([]);
    processor.port.order('start');
    for (let i = 0; i < 40; i += 1) processor.process([[block(0.5)]]);
    expect(processor.port.frames.map(({ length }) => length)).toEqual([960, 960]);
    processor.port.order('flush');
    expect(processor.port.sent.at(-1)).toBe('flushed');
    const samples = processor.port.frames.flatMap((frame) => [...frame]);
    expect(Math.abs(samples.length - (40 * 128) / 2)).toBeLessThanOrEqual(1);
    expect(samples.every((sample) => Math.abs(sample - 16_384) <= 1)).toBe(true);
    const { length } = processor.port.sent;
    for (let i = 0; i < 40; i += 1) processor.process([[block(0.5)]]);
    expect(processor.port.sent).toHaveLength(length);
  });

  it('begins each turn without a rest of the one before', () => {
    processor.port.order('start');
    processor.process([[block(0.5)]]);
    processor.port.order('flush');
    const before = processor.port.frames.length;
    processor.port.order('start');
    for (let i = 0; i < 16; i += 1) processor.process([[block(-0.25)]]);
    expect([...(processor.port.frames[before] ?? [])].every((sample) => sample === -8192)).toBe(true);
  });

  it('mixes several channels, and bears none', () => {
    processor.port.order('start');
    for (let i = 0; i < 16; i += 1) processor.process([[block(1), block(0)]]);
    expect(processor.port.frames[0]?.[500]).toBe(16_384);
    expect(processor.process([[]])).toBe(true);
    expect(processor.process([])).toBe(true);
  });

  it('is let go by the browser once it was stopped', () => {
    expect(processor.process([[block(0)]])).toBe(true);
    processor.port.order('stop');
    expect(processor.process([[block(0)]])).toBe(false);
  });
});
