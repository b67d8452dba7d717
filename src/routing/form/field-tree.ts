import { isUtf8 } from 'node:buffer';
import { phpFieldPath } from './php-name.js';
import {
  emptyRecord,
  faultOfName,
  MAX_DEPTH,
  type PhpRecord,
  type PhpValue,
  type Reading,
  rememberOrder,
} from './php-value.js';

const INTEGER = /^(?:0|-?[1-9][0-9]{0,14})$/;

/** An array of PHP while it is being filled. */
class PhpArray<T> {
  readonly members = new Map<string, PhpArray<T> | T>();
  private next = 0;

  set(key: string | null, value: PhpArray<T> | T): void {
    const name = key ?? String(this.next);
    this.members.set(name, value);
    if (INTEGER.test(name)) this.next = Math.max(this.next, Number(name) + 1);
  }

  /** The array under a key; what else stood there goes, as in PHP. */
  enter(key: string | null): PhpArray<T> {
    const found = key === null ? undefined : this.members.get(key);
    if (found instanceof PhpArray) return found;
    const made = new PhpArray<T>();
    this.set(key, made);
    return made;
  }

  isList(): boolean {
    let index = 0;
    for (const key of this.members.keys()) if (key !== String(index++)) return false;
    return true;
  }
}

/** Files fields under their names, brackets and all, as PHP fills `$_GET` and `$_POST`. Names come as bytes (latin1). */
export class FieldTree {
  private readonly root = new PhpArray<string>();
  private problem: string | undefined;

  add(decodedName: string, value: string): void {
    if (this.problem !== undefined) return;
    const path = phpFieldPath(decodedName);
    if (path.name === '') return;
    // Behind a NUL byte PHP sees no name, where others do.
    if (decodedName.includes('\0')) {
      this.problem = 'A name holds a NUL byte.';
      return;
    }
    if (path.keys.length > MAX_DEPTH) {
      this.problem = `Fields are nested deeper than ${MAX_DEPTH} levels.`;
      return;
    }
    const keys = [path.name, ...path.keys].map((key) => (key === null ? null : textOfBytes(key)));
    this.problem = keys
      .map((key) => (key === null ? undefined : faultOfName(key)))
      .find((fault) => fault !== undefined);
    let array = this.root;
    for (const key of keys.slice(0, -1)) array = array.enter(key);
    if (!path.isDropped) array.set(keys.at(-1) ?? null, value);
  }

  finish(): Reading<PhpRecord> {
    if (this.problem !== undefined) return { kind: 'refused', problem: this.problem };
    return { kind: 'read', value: toRecord(this.root) };
  }
}

function toRecord(array: PhpArray<string>): PhpRecord {
  const record = emptyRecord();
  for (const [name, member] of array.members) record[name] = toValue(member);
  rememberOrder(record, array.members.keys());
  return record;
}

/** No deeper than MAX_DEPTH, since nothing deeper was filed. */
function toValue(member: PhpArray<string> | string): PhpValue {
  if (!(member instanceof PhpArray)) return member;
  return member.isList() ? [...member.members.values()].map(toValue) : toRecord(member);
}

/**
 * Bytes (as latin1) as text. What is no UTF-8 has a lone surrogate for each of its bytes past ASCII, so that it stays
 * different from any text and can be told: PHP takes such bytes and lets the script decide.
 */
export function textOfBytes(bytes: string): string {
  // Most names and values are ASCII.
  if (!/[\u0080-\u00ff]/.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, 'latin1');
  if (isUtf8(buffer)) return buffer.toString('utf8');
  const units = Buffer.alloc(2 * buffer.length);
  for (let at = 0; at < buffer.length; at += 1) {
    const byte = buffer[at] ?? 0;
    units[2 * at] = byte;
    if (byte >= 0x80) units[2 * at + 1] = 0xdc;
  }
  return units.toString('utf16le');
}
