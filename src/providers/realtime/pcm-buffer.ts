/** Samples a second of the only format that is spoken here: PCM16, mono, little-endian. */
export const SAMPLE_RATE = 24_000;
/** Bytes of one millisecond. */
export const BYTES_PER_MS = (SAMPLE_RATE * 2) / 1000;

const FIRST_BYTES = 64 * 1024;

/** Audio that is still being said: one growing piece of memory, however small the pieces come. */
export class PcmBuffer {
  #memory = Buffer.alloc(0);
  #size = 0;

  get ms(): number {
    return this.#size / BYTES_PER_MS;
  }

  get byteLength(): number {
    return this.#size;
  }

  append(piece: Uint8Array): void {
    const needed = this.#size + piece.byteLength;
    if (needed > this.#memory.byteLength) {
      const grown = Buffer.allocUnsafe(Math.max(FIRST_BYTES, needed, this.#memory.byteLength * 2));
      this.#memory.copy(grown, 0, 0, this.#size);
      this.#memory = grown;
    }
    this.#memory.set(piece, this.#size);
    this.#size = needed;
  }

  /** Forgets all but the last `bytes`. */
  keepLast(bytes: number): void {
    const even = bytes - (bytes % 2);
    if (this.#size <= even) return;
    this.#memory.copy(this.#memory, 0, this.#size - even, this.#size);
    this.#size = even;
  }

  /** Takes everything out, with a part of a sample at the end left behind. */
  take(): Buffer {
    const taken = Buffer.from(this.#memory.subarray(0, this.#size - (this.#size % 2)));
    this.clear();
    return taken;
  }

  clear(): void {
    this.#memory = Buffer.alloc(0);
    this.#size = 0;
  }
}
