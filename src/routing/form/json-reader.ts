import { isUtf8 } from 'node:buffer';
import { emptyRecord, faultOfName, MALFORMED, MAX_DEPTH, type PhpValue, type Reading } from './php-value.js';

/** Values of all kinds in one document: what bounds the memory of a body of empty objects. */
const MAX_VALUES = 100_000;
const FAULT = Symbol('fault');
type Read = PhpValue | typeof FAULT;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const BLANK = /[ \t\n\r]*/y;
const BOM = /[ \t\n\r\ufeff]*/y;
const HALF_PAIR = /\p{Surrogate}/u;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Reads a JSON document as PHP's `json_decode` does: the last of duplicate keys, neither invalid UTF-8 nor lone
 * surrogates (`\ud800`). Refused besides: nesting past MAX_DEPTH, more than 100,000 values, numbers past the
 * largest double, and names that mean something to JavaScript. In one pass, and never deeper on the stack than MAX_DEPTH.
 * @param startsWithBom takes a byte-order mark before the document, which `json_decode` does not
 */
export function readJsonTree(body: Buffer, startsWithBom = false): Reading<PhpValue> {
  if (!isUtf8(body)) return MALFORMED;
  return new JsonReader(body.toString('utf8')).read(startsWithBom);
}

class JsonReader {
  private at = 0;
  private values = 0;
  private problem: string | undefined;

  constructor(private readonly text: string) {}

  read(startsWithBom: boolean): Reading<PhpValue> {
    this.skip(startsWithBom ? BOM : BLANK);
    const value = this.readValue(0);
    this.skip(BLANK);
    if (this.problem !== undefined) return { kind: 'refused', problem: this.problem };
    return value === FAULT || this.at < this.text.length ? MALFORMED : { kind: 'read', value };
  }

  private readValue(depth: number): Read {
    this.values += 1;
    if (this.values > MAX_VALUES) return this.refuse(`The body holds more than ${MAX_VALUES} values.`);
    switch (this.text[this.at]) {
      case '"':
        return this.readString();
      case '{':
        return depth < MAX_DEPTH ? this.readObject(depth + 1) : this.refuseDepth();
      case '[':
        return depth < MAX_DEPTH ? this.readArray(depth + 1) : this.refuseDepth();
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

  private readObject(depth: number): Read {
    const object = emptyRecord();
    this.at += 1;
    this.skip(BLANK);
    if (this.take('}')) return object;
    for (;;) {
      const name = this.text[this.at] === '"' ? this.readString() : FAULT;
      if (name === FAULT) return FAULT;
      const fault = faultOfName(name);
      if (fault !== undefined) return this.refuse(fault);
      this.skip(BLANK);
      if (!this.take(':')) return FAULT;
      this.skip(BLANK);
      const value = this.readValue(depth);
      if (value === FAULT) return FAULT;
      object[name] = value;
      this.skip(BLANK);
      if (this.take('}')) return object;
      if (!this.take(',')) return FAULT;
      this.skip(BLANK);
    }
  }

  private readArray(depth: number): Read {
    const array: PhpValue[] = [];
    this.at += 1;
    this.skip(BLANK);
    if (this.take(']')) return array;
    for (;;) {
      const value = this.readValue(depth);
      if (value === FAULT) return FAULT;
      array.push(value);
      this.skip(BLANK);
      if (this.take(']')) return array;
      if (!this.take(',')) return FAULT;
      this.skip(BLANK);
    }
  }

  /** Finds where a string ends, and leaves its escapes to V8's own reader: by characters they cost seconds in a large body. */
  private readString(): string | typeof FAULT {
    const { text, at: start } = this;
    let hasEscape = false;
    for (let at = start + 1; ; at += 1) {
      const code = text.charCodeAt(at);
      // Most characters of most bodies pass here; NaN, past the end, does not.
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
    const [digits] = NUMBER.exec(this.text) ?? [];
    if (digits === undefined) return FAULT;
    this.at += digits.length;
    const value = Number(digits);
    // PHP's whole numbers know no -0.
    return Number.isFinite(value) ? value + 0 : this.refuse('A number is too large.');
  }

  private readLiteral<T extends Read>(literal: string, value: T): T | typeof FAULT {
    if (!this.text.startsWith(literal, this.at)) return FAULT;
    this.at += literal.length;
    return value;
  }

  private refuseDepth(): typeof FAULT {
    return this.refuse(`The body is nested deeper than ${MAX_DEPTH} levels.`);
  }

  private refuse(problem: string): typeof FAULT {
    this.problem = problem;
    return FAULT;
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private skip(pattern: RegExp): void {
    if (pattern === BLANK && this.text.charCodeAt(this.at) > 0x20) return;
    pattern.lastIndex = this.at;
    pattern.exec(this.text);
    this.at = pattern.lastIndex;
  }
}

/** What stands between quotes, its escapes undone; a fault where PHP finds one: an unknown escape, half of a surrogate pair. */
function undoEscapes(quoted: string): string | typeof FAULT {
  try {
    const text = String(JSON.parse(quoted));
    return HALF_PAIR.test(text) ? FAULT : text;
  } catch {
    return FAULT;
  }
}
