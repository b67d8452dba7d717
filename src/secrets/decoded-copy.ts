import type { Transform } from 'node:stream';
import { createBrotliDecompress, createInflate, createInflateRaw, createUnzip, createZstdDecompress } from 'node:zlib';

/** Bytes of one step of decoding, so that a step's output is small whatever its input holds. */
const STEP_BYTES = 64 * 1024;
/** A decoded copy may be so long in any case, and beyond that so many times as long as what came. */
const FREE_BYTES = 64 * 1024 * 1024;
const MOST_TIMES = 100;
const DEFLATED = 8;

type Outcome = 'decoded' | 'broken' | 'bomb';

/** Undoes an answer's content coding beside the answer, to be looked at and thrown away; its memory is one step's. */
export class DecodedCopy {
  private decoder: Transform | undefined;
  private taken = 0;
  private made = 0;
  private settle: (outcome: Outcome) => void = () => undefined;

  /** `look` gets each piece as it is decoded. */
  constructor(
    private readonly coding: string,
    private readonly look: (piece: Buffer) => void,
  ) {}

  /** Whether a coding can be undone here; an answer in another one is looked at as it is. */
  static knows(coding: string): boolean {
    return CODINGS.has(coding);
  }

  /** Decodes what `chunk` completes; resolves when `look` has seen all of it. */
  write(chunk: Buffer): Promise<Outcome> {
    this.taken += chunk.length;
    const decoder = (this.decoder ??= this.makeDecoder(chunk));
    return new Promise((resolve) => {
      this.settle = resolve;
      decoder.write(chunk, (error) => resolve(error == null ? 'decoded' : 'broken'));
    });
  }

  /** Frees the decoder's memory. */
  close(): void {
    this.decoder?.destroy();
    this.settle('decoded');
  }

  private makeDecoder(first: Buffer): Transform {
    const decoder = DECODERS[CODINGS.get(this.coding) ?? 'gzip'](first);
    decoder.on('data', (piece: Buffer) => {
      this.made += piece.length;
      if (this.made > FREE_BYTES + MOST_TIMES * this.taken) {
        this.settle('bomb');
        decoder.destroy();
      } else this.look(piece);
    });
    decoder.on('error', () => this.settle('broken'));
    // The coded part is over: whatever follows it is looked at as it is.
    decoder.on('end', () => this.settle('broken'));
    return decoder;
  }
}

const DECODERS = {
  gzip: () => createUnzip({ chunkSize: STEP_BYTES }),
  // `deflate` means the zlib format, but much software sends the bare stream (RFC 9110, section 8.4.1.2).
  deflate: (first: Buffer) =>
    ((first[0] ?? 0) & 0x0f) === DEFLATED
      ? createInflate({ chunkSize: STEP_BYTES })
      : createInflateRaw({ chunkSize: STEP_BYTES }),
  br: () => createBrotliDecompress({ chunkSize: STEP_BYTES }),
  zstd: () => createZstdDecompress({ chunkSize: STEP_BYTES }),
} as const;

const CODINGS: ReadonlyMap<string, keyof typeof DECODERS> = new Map([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'br'],
  ['zstd', 'zstd'],
]);
