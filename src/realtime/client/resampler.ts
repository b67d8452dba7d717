/**
 * Brings samples from one rate to another, block by block without a seam or drift. Each sample out is the mean of the signal
 * over its own time, the signal being straight between samples in: a low-pass that is good enough for speech, at no cost.
 */
export class Resampler {
  private readonly step: number;
  /** Where in the current pair of samples the next piece begins, from 0 to 1. */
  private at = 0;
  private last = 0;
  private isFirst = true;
  private sum = 0;
  private missing: number;

  constructor(fromHz: number, toHz: number) {
    this.step = fromHz / toHz;
    this.missing = this.step;
  }

  /** @param emit called with each sample of the new rate */
  push(samples: Float32Array, emit: (sample: number) => void): void {
    for (const sample of samples) {
      if (this.isFirst) this.isFirst = false;
      else this.cross(this.last, sample, emit);
      this.last = sample;
    }
  }

  /** Goes from one sample to the next, ending as many samples out as lie between. */
  private cross(from: number, to: number, emit: (sample: number) => void): void {
    this.at = 0;
    while (this.at < 1) {
      const width = Math.min(this.missing, 1 - this.at);
      // Rounding may leave a sliver: it belongs to the next pair.
      if (width <= 1e-9) break;
      this.sum += width * (from + (to - from) * (this.at + width / 2));
      this.at += width;
      this.missing -= width;
      if (this.missing > 1e-9) continue;
      emit(this.sum / this.step);
      this.sum = 0;
      // What is left over is carried on: over an hour no sample is lost.
      this.missing += this.step;
    }
  }
}
