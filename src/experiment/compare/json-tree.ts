import { isUtf8 } from 'node:buffer';
import {
  byteAt,
  readScalar,
  readString,
  scanDocument,
  skipBlank,
  skipBomAndBlank,
  TOO_DEEP,
} from '../../contract/index.js';
import { atOnce, SLICE, type Steps } from './in-slices.js';

/** A JSON value with its numbers as they are spelt. `hash`: equal for equal values, whatever the order of members. */
export type JsonNode = JsonObject | JsonArray | JsonScalar;

export interface JsonObject {
  readonly kind: 'object';
  /** The last of several members of one name, as PHP and JSON.parse have it. */
  readonly members: ReadonlyMap<string, JsonNode>;
  readonly hash: number;
}

export interface JsonArray {
  readonly kind: 'array';
  readonly items: readonly JsonNode[];
  readonly hash: number;
}

export interface JsonScalar {
  readonly kind: 'string' | 'number' | 'boolean' | 'null';
  /** A string's value; anything else as it is spelt. */
  readonly text: string;
  readonly hash: number;
}

export type TreeResult =
  { readonly kind: 'tree'; readonly root: JsonNode } | { readonly kind: 'not-json' | 'too-deep' | 'too-many-values' };

const { imul } = Math;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const COMMA = 0x2c;
const QUOTE = 0x22;
/** Before a string whose bytes are not UTF-8, so that it equals none that is. */
const NOT_UTF8 = '\ufffd';

/** Reads a body that is one JSON document (RFC 8259), blanks and byte-order marks around it apart. Never throws. */
export function readJsonTree(body: Buffer, maxDepth: number, maxValues: number): TreeResult {
  return atOnce(readJsonSteps(body, maxDepth, maxValues));
}

/** The same, in steps. */
export function* readJsonSteps(body: Buffer, maxDepth: number, maxValues: number): Steps<TreeResult> {
  const start = skipBomAndBlank(body);
  const end = scanDocument(body, start, maxDepth, [], []);
  if (end === TOO_DEEP) return { kind: 'too-deep' };
  if (end < 0 || skipBlank(body, end) !== body.length) return { kind: 'not-json' };
  const reader = new TreeReader(body, start, maxValues);
  const root = yield* reader.read();
  return reader.isExhausted ? { kind: 'too-many-values' } : { kind: 'tree', root };
}

/** Builds the tree of a document that was found valid, so that it need not look for faults; as deep as that was allowed to be. */
class TreeReader {
  private readonly isUtf8: boolean;
  private values = 0;

  constructor(
    private readonly bytes: Buffer,
    private pos: number,
    private readonly maxValues: number,
  ) {
    this.isUtf8 = isUtf8(bytes);
  }

  /** What was read is not whole. */
  get isExhausted(): boolean {
    return this.values > this.maxValues;
  }

  *read(): Steps<JsonNode> {
    return this.isAtContainer() ? yield* this.readContainer() : this.readLeaf();
  }

  private isAtContainer(): boolean {
    const first = byteAt(this.bytes, this.pos);
    return first === OPEN_BRACE || first === OPEN_BRACKET;
  }

  private readContainer(): Steps<JsonNode> {
    this.values += 1;
    return byteAt(this.bytes, this.pos) === OPEN_BRACE ? this.readObject() : this.readArray();
  }

  private readLeaf(): JsonNode {
    this.values += 1;
    if (byteAt(this.bytes, this.pos) === QUOTE) {
      const text = this.readText();
      return { kind: 'string', text, hash: hashText(text, 1) };
    }
    const start = this.pos;
    this.pos = readScalar(this.bytes, start);
    const text = this.bytes.toString('latin1', start, this.pos);
    const kind = text === 'null' ? 'null' : text === 'true' || text === 'false' ? 'boolean' : 'number';
    return { kind, text, hash: hashText(text, 2) };
  }

  private *readObject(): Steps<JsonObject> {
    const members = new Map<string, JsonNode>();
    let isMore = this.enter();
    while (isMore && !this.isExhausted) {
      const name = this.readText();
      // The colon.
      this.pos = skipBlank(this.bytes, skipBlank(this.bytes, this.pos) + 1);
      // No generator for each leaf: they are many.
      members.set(name, this.isAtContainer() ? yield* this.readContainer() : this.readLeaf());
      if (this.values % SLICE === 0) yield;
      isMore = this.isNext();
    }
    let hash = 3;
    for (const [name, value] of members) hash = (hash + imul(hashText(name, 4) ^ value.hash, 0x85ebca6b)) | 0;
    return { kind: 'object', members, hash };
  }

  private *readArray(): Steps<JsonArray> {
    const items: JsonNode[] = [];
    let hash = 5;
    let isMore = this.enter();
    while (isMore && !this.isExhausted) {
      const item = this.isAtContainer() ? yield* this.readContainer() : this.readLeaf();
      if (this.values % SLICE === 0) yield;
      items.push(item);
      hash = (imul(hash, 31) + item.hash) | 0;
      isMore = this.isNext();
    }
    return { kind: 'array', items, hash };
  }

  /** Steps behind the opening bracket; false, and behind the closing one, where nothing is in it. */
  private enter(): boolean {
    const open = byteAt(this.bytes, this.pos);
    this.pos = skipBlank(this.bytes, this.pos + 1);
    if (byteAt(this.bytes, this.pos) !== open + 2) return true;
    this.pos += 1;
    return false;
  }

  /** Steps to the next item; false, and behind the closing bracket, where there is none. */
  private isNext(): boolean {
    this.pos = skipBlank(this.bytes, this.pos);
    const isMore = byteAt(this.bytes, this.pos) === COMMA;
    this.pos = isMore ? skipBlank(this.bytes, this.pos + 1) : this.pos + 1;
    return isMore;
  }

  private readText(): string {
    const start = this.pos;
    this.pos = readString(this.bytes, start + 1);
    const isValid = this.isUtf8 || isUtf8(this.bytes.subarray(start + 1, this.pos - 1));
    const text = this.bytes.toString(isValid ? 'utf8' : 'latin1', start + 1, this.pos - 1);
    // Escapes are told by value: `\/` and `/` are the same.
    const value = text.includes('\\') ? String(JSON.parse(`"${text}"`)) : text;
    return isValid ? value : NOT_UTF8 + value;
  }
}

/** FNV-1a over code units. */
function hashText(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at += 1) hash = imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}
