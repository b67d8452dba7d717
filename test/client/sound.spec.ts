import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromBase64, fromPcm16, toBase64, toPcm16 } from '../../src/realtime/client/pcm16.js';
import { backoffMs } from '../../src/realtime/client/reconnect-policy.js';
import { Resampler } from '../../src/realtime/client/resampler.js';
import { SpeechBuffer } from '../../src/realtime/client/speech-buffer.js';
import { Utterances } from '../../src/realtime/client/utterances.js';

function resample(samples: Float32Array, fromHz: number, blocks: readonly number[]): number[] {
  const resampler = new Resampler(fromHz, 24_000);
  const out: number[] = [];
  let at = 0;
  for (let i = 0; at < samples.length; i += 1) {
    const size = blocks[i % blocks.length] ?? 128;
    resampler.push(samples.subarray(at, at + size), (sample) => out.push(sample));
    at += size;
  }
  return out;
}

function tone(hz: number, rateHz: number, seconds: number): Float32Array {
  return Float32Array.from({ length: rateHz * seconds }, (_, i) => Math.sin((2 * Math.PI * hz * i) / rateHz));
}

describe('resampling', () => {
  it.each([8000, 16_000, 24_000, 44_100, 48_000, 96_000])('from %i Hz keeps a tone, and its length', (rateHz) => {
    const out = resample(tone(300, rateHz, 2), rateHz, [128]);
    expect(Math.abs(out.length - 48_000)).toBeLessThanOrEqual(4);
    // Each sample out is the mean over its own time: the tone, half a sample later.
    const faults = out.map((sample, i) => Math.abs(sample - Math.sin((2 * Math.PI * 300 * (i + 0.5)) / 24_000)));
    expect(Math.max(...faults)).toBeLessThan(0.02);
  });

  it('does not depend on how the sound is cut into blocks', () => {
    const samples = tone(440, 44_100, 0.3);
    const whole = resample(samples, 44_100, [samples.length]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 5 }), (blocks) => {
        expect(resample(samples, 44_100, blocks)).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  it('takes away what the new rate cannot carry', () => {
    const out = resample(tone(23_000, 48_000, 0.5), 48_000, [128]);
    expect(Math.max(...out.map(Math.abs))).toBeLessThan(0.15);
  });
});

describe('PCM16 in base64', () => {
  it('comes back as it went', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 20_000 }), (values) => {
        const samples = Float32Array.from(values);
        const back = fromPcm16(fromBase64(toBase64(toPcm16(samples))) ?? new Uint8Array());
        expect(back).toHaveLength(samples.length);
        expect(back.every((sample, i) => Math.abs(sample - (samples[i] ?? 9)) <= 1 / 16_384)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('is clipped, little-endian, and drops half a sample', () => {
    expect([...new Uint8Array(toPcm16(Float32Array.of(2, -2, 0.5)))]).toEqual([0xff, 0x7f, 0x00, 0x80, 0x00, 0x40]);
    expect(fromPcm16(Uint8Array.of(0, 0x40, 7))).toEqual(Float32Array.of(0.5));
    expect(fromBase64('no base64!')).toBeUndefined();
  });
});

describe('speech that is kept', () => {
  it('is the newest within the bound, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 90 })), fc.integer({ min: 0, max: 500 }), (lengths, limitMs) => {
        const buffer = new SpeechBuffer(limitMs);
        for (const [i, ms] of lengths.entries()) buffer.push(String(i), ms);
        const kept = buffer.kept().map(Number);
        const keptMs = kept.reduce((sum, i) => sum + (lengths[i] ?? 0), 0);
        expect(keptMs).toBeLessThanOrEqual(limitMs);
        expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => lengths.length - kept.length + i));
        // One more would not fit.
        expect(kept.length === lengths.length || keptMs + (lengths.at(-kept.length - 1) ?? 0) > limitMs).toBe(true);
        expect(buffer.isCut).toBe(kept.length < lengths.length);
      }),
    );
  });
});

describe('pauses between attempts', () => {
  it('lie anywhere between nothing and a bound that doubles up to the cap', () => {
    const config = { enabled: true, maxAttempts: 9, baseMs: 500, capMs: 15_000 };
    fc.assert(
      fc.property(fc.nat(10_000), fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (attempt, random) => {
        const pause = backoffMs(attempt, config, random);
        expect(pause).toBeGreaterThanOrEqual(0);
        expect(pause).toBeLessThanOrEqual(Math.min(15_000, 500 * 2 ** attempt));
        expect(pause).toBeCloseTo(random * Math.min(15_000, 500 * 2 ** attempt), 6);
      }),
    );
  });
});

describe('what was said, in writing', () => {
  it('is bounded, however long the talk', () => {
    const utterances = new Utterances();
    for (let i = 0; i < 1000; i += 1) {
      utterances.grow(`item-${i}`, 'x'.repeat(50_000));
      if (i % 2 === 0) utterances.complete(`item-${i}`, 'user', 'y'.repeat(5000));
    }
    expect(utterances.asItems().length).toBeLessThanOrEqual(20);
    expect(JSON.stringify(utterances.asItems()).length).toBeLessThan(12_000);
    expect(utterances.grow('item-999', 'x')).toHaveLength(32_000);
    expect(utterances.grow('item-1', 'x')).toBe('x');
  });
});
