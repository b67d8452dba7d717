import { phpArray, type PhpNode, PhpObject } from './php-node.js';

export interface PhpJsonOptions {
  /** json_decode's `depth`: arrays and objects may be nested one level less. */
  readonly depth: number;
  /** What an object becomes: an array (`associative`), or stdClass. */
  readonly objectsAs: 'arrays' | 'objects';
}

const FAULT = Symbol('fault');
type Read<T = PhpNode> = T | typeof FAULT;

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const BLANK = /[ \t\n\r]*/y;
const HALF_PAIR = /\p{Surrogate}/u;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MAX_INTEGER = 2n ** 63n - 1n;
const MIN_INTEGER = -(2n ** 63n);
/** Integers of fewer digits are 64-bit ones without a look. */
const SAFE_DIGITS = 18;

/** Reads JSON as PHP's `json_decode` does; undefined for what it does not take. Bytes must have been found to be UTF-8 before. */
export function readPhpJson(text: string, options: PhpJsonOptions): PhpNode | undefined {
  const value = new PhpJsonReader(text, options).read();
  return value === FAULT ? undefined : value;
}

class PhpJsonReader {
  private at = 0;
  private readonly maxNesting: number;
  private readonly makesObjects: boolean;

  constructor(
    private readonly text: string,
    { depth, objectsAs }: PhpJsonOptions,
  ) {
    this.maxNesting = depth - 1;
    this.makesObjects = objectsAs === 'objects';
  }

  read(): Read {
    this.skipBlank();
    const value = this.readValue(0);
    this.skipBlank();
    return this.at < this.text.length ? FAULT : value;
  }

  private readValue(nesting: number): Read {
    switch (this.text[this.at]) {
      case '"':
        return this.readString();
      case '{':
        return nesting < this.maxNesting ? this.readObject(nesting + 1) : FAULT;
      case '[':
        return nesting < this.maxNesting ? this.readList(nesting + 1) : FAULT;
      case 't':
        return this.readLiteral('true', true);
      case 'f':
        return this.readLiteral('false', false);
      case 'n':
        return this.readLiteral('null', null);
      default:
        return this.readNumber();
    }
  }

  private readObject(nesting: number): Read {
    const members = new Map<string, PhpNode>();
    const finish = (): PhpNode => (this.makesObjects ? new PhpObject(members) : phpArray(members));
    this.at += 1;
    this.skipBlank();
    if (this.take('}')) return finish();
    for (;;) {
      const name = this.text[this.at] === '"' ? this.readString() : FAULT;
      // A property of PHP's cannot begin with NUL; a key of an array can.
      if (name === FAULT || (this.makesObjects && name.startsWith('\0'))) return FAULT;
      this.skipBlank();
      if (!this.take(':')) return FAULT;
      this.skipBlank();
      const value = this.readValue(nesting);
      if (value === FAULT) return FAULT;
      // The last of several wins, in the place of the first.
      members.set(name, value);
      this.skipBlank();
      if (this.take('}')) return finish();
      if (!this.take(',')) return FAULT;
      this.skipBlank();
    }
  }

  private readList(nesting: number): Read {
    const list: PhpNode[] = [];
    this.at += 1;
    this.skipBlank();
    if (this.take(']')) return list;
    for (;;) {
      const value = this.readValue(nesting);
      if (value === FAULT) return FAULT;
      list.push(value);
      this.skipBlank();
      if (this.take(']')) return list;
      if (!this.take(',')) return FAULT;
      this.skipBlank();
    }
  }

  /** Finds where a string ends, and leaves its escapes to V8's own reader. */
  private readString(): Read<string> {
    const { text, at: start } = this;
    let hasEscape = false;
    for (let at = start + 1; ; at += 1) {
      const code = text.charCodeAt(at);
      // NaN, past the end, does not pass.
      if (code >= 0x20 && code !== QUOTE && code !== BACKSLASH) continue;
      if (code === BACKSLASH) {
        hasEscape = true;
        at += 1;
        continue;
      }
      if (code !== QUOTE) return FAULT;
      this.at = at + 1;
      return hasEscape ? undoEscapes(text.slice(start, at + 1)) : text.slice(start + 1, at);
    }
  }

  private readNumber(): Read {
    NUMBER.lastIndex = this.at;
    const [digits, fraction, exponent] = NUMBER.exec(this.text) ?? [];
    if (digits === undefined) return FAULT;
    this.at += digits.length;
    if (fraction !== undefined || exponent !== undefined) return Number(digits);
    if (digits.length <= SAFE_DIGITS) return BigInt(digits);
    if (digits.length > SAFE_DIGITS + 2) return Number(digits);
    const integer = BigInt(digits);
    return integer > MAX_INTEGER || integer < MIN_INTEGER ? Number(digits) : integer;
  }

  private readLiteral<T extends PhpNode>(literal: string, value: T): Read<T> {
    if (!this.text.startsWith(literal, this.at)) return FAULT;
    this.at += literal.length;
    return value;
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private skipBlank(): void {
    if (this.text.charCodeAt(this.at) > 0x20) return;
    BLANK.lastIndex = this.at;
    BLANK.exec(this.text);
    this.at = BLANK.lastIndex;
  }
}

/** What stands between quotes, its escapes undone; a fault where PHP finds one: an unknown escape, half of a surrogate pair. */
function undoEscapes(quoted: string): Read<string> {
  try {
    const text = String(JSON.parse(quoted));
    return HALF_PAIR.test(text) ? FAULT : text;
  } catch {
    return FAULT;
  }
}
