/** `more`: what is there so far fits, and the bytes that follow decide. */
export type Verdict = 'match' | 'no' | 'more';

/** A table of 256 flags: which bytes belong to a set. */
export type ByteSet = Uint8Array;

/** Something that must not be in an answer, told by its bytes. */
export interface SecretPattern {
  /** The variable or the vendor it belongs to; safe to log. */
  readonly name: string;
  /** The bytes that each of the first {@link HEAD_BYTES} positions may have. */
  readonly head: readonly ByteSet[];
  /** Bytes that must not stand right before it, unless an escape ends there; undefined: whatever stands before. */
  readonly notAfter: ByteSet | undefined;
  /** Whether it begins at `at`; `isLast`: nothing follows `bytes`. */
  match(bytes: Buffer, at: number, isLast: boolean): Verdict;
}

/** Each pattern is looked for by so many first bytes; only where they stand is the whole of it compared. */
export const HEAD_BYTES = 3;

/** The set of a text's characters; `A-Z` is a range. */
export function byteSet(text: string): ByteSet {
  const set = new Uint8Array(256);
  const plain = text.replace(/(.)-(.)/g, (_all, from: string, to: string) => {
    set.fill(1, from.charCodeAt(0), to.charCodeAt(0) + 1);
    return '';
  });
  for (const byte of Buffer.from(plain, 'latin1')) set[byte] = 1;
  return set;
}

/** Bytes as they are. */
export class LiteralPattern implements SecretPattern {
  readonly head: readonly ByteSet[];
  readonly notAfter = undefined;

  constructor(
    readonly name: string,
    private readonly literal: Buffer,
  ) {
    this.head = [...literal.subarray(0, HEAD_BYTES)].map((byte) => byteSet(String.fromCharCode(byte)));
  }

  match(bytes: Buffer, at: number, isLast: boolean): Verdict {
    const { literal } = this;
    const length = Math.min(literal.length, bytes.length - at);
    for (let i = 0; i < length; i++) if (bytes[at + i] !== literal[i]) return 'no';
    if (length === literal.length) return 'match';
    return isLast ? 'no' : 'more';
  }
}

/** A fixed text, or so many bytes of a set. */
export type ShapePart = string | readonly [set: ByteSet, count: number];

/** A key by the shape its vendor gives it: parts in a row, of fixed length; the last may go on. */
export class ShapePattern implements SecretPattern {
  readonly head: readonly ByteSet[];
  private readonly steps: readonly ByteSet[];

  constructor(
    readonly name: string,
    parts: readonly ShapePart[],
    readonly notAfter: ByteSet | undefined,
    /** Bytes that must not stand right behind it. */
    private readonly notBefore: ByteSet | undefined,
  ) {
    this.steps = parts.flatMap((part) =>
      typeof part === 'string'
        ? [...Buffer.from(part, 'latin1')].map((byte) => byteSet(String.fromCharCode(byte)))
        : Array.from({ length: part[1] }, () => part[0]),
    );
    this.head = this.steps.slice(0, HEAD_BYTES);
  }

  match(bytes: Buffer, at: number, isLast: boolean): Verdict {
    const { steps, notBefore } = this;
    const length = Math.min(steps.length, bytes.length - at);
    for (let i = 0; i < length; i++) if (steps[i]?.[bytes[at + i] ?? 0] !== 1) return 'no';
    if (length < steps.length) return isLast ? 'no' : 'more';
    if (notBefore === undefined) return 'match';
    const next = bytes[at + length];
    if (next === undefined) return isLast ? 'match' : 'more';
    return notBefore[next] === 1 ? 'no' : 'match';
  }
}

const BEGIN = Buffer.from('-----BEGIN ');
const DASHES = 5;
/** Bytes within which a private key block shows that key material follows its first line. */
const PEM_WINDOW_BYTES = 160;
/**
 * The first line of a private key (RFC 7468), the end of that line as it is or escaped (JSON, URL, HTML, a list of lines),
 * then key material (DER begins with `M`, OpenSSH's own format with `b3Bl`) or the fields of an old encrypted key.
 */
const PEM =
  /^-----BEGIN (?:[A-Z0-9]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:[\s"',+]|\\+[nrt"]|%[02][ADad0]|&#1[03];|<br ?\/?>){1,12}(?:M[A-Z][\w+/]{6}|b3Bl|[A-Za-z0-9+/]{24}|Proc-Type|DEK-Info|Version:|Comment:)/;

/** A private key block with something in it: a page that only explains how one begins is none. */
export class PrivateKeyPattern implements SecretPattern {
  readonly name = 'private key';
  readonly head = [...BEGIN.subarray(0, HEAD_BYTES)].map((byte) => byteSet(String.fromCharCode(byte)));
  readonly notAfter = undefined;

  match(bytes: Buffer, at: number, isLast: boolean): Verdict {
    const length = Math.min(BEGIN.length, bytes.length - at);
    // Rows of dashes are common: the first byte that is none decides.
    if (length > DASHES && bytes[at + DASHES] !== BEGIN[DASHES]) return 'no';
    for (let i = 0; i < length; i++) if (bytes[at + i] !== BEGIN[i]) return 'no';
    if (length < BEGIN.length) return isLast ? 'no' : 'more';
    if (PEM.test(bytes.toString('latin1', at, Math.min(bytes.length, at + PEM_WINDOW_BYTES)))) return 'match';
    return isLast || bytes.length - at >= PEM_WINDOW_BYTES ? 'no' : 'more';
  }
}
