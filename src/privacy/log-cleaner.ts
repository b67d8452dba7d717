import { type CleanError, cleanError } from './clean-error.js';
import { cleanText, onOneLine } from './clean-text.js';
import { treatmentOf } from './field-rules.js';
import type { Pseudonyms } from './pseudonyms.js';

/** A line's fields, ready to be printed as JSON. */
export type CleanLine = Record<string, unknown>;

const MAX_DEPTH = 4;
const MAX_FIELDS = 64;
const MAX_ENTRIES = 50;
/** Values in one line: what is left out is left out, told by a mark. */
const MAX_VALUES = 400;
/** No count of this program is so large; a card's number is. */
const LARGEST_COUNT = 1e13;
const IDENTIFIER = /^[\w.:/*-]{1,120}$/;
const TRACE_ID = /^[A-Za-z0-9_-]{8,64}$/;
const SUBJECT = /^[A-Za-z][\w|:-]{0,63}$/;

interface Bound {
  left: number;
}

/**
 * Decides what a log line may carry: every value goes by its field's name, and by what it looks like. Work per line is bounded, and nothing that
 * is passed makes it throw. Without pseudonyms, what would be one is masked.
 */
export class LogCleaner {
  constructor(private readonly pseudonyms?: Pseudonyms) {}

  /** A text that anything may have got into: an error's message, a fault's description. */
  text(text: string): string {
    return cleanText(text, this.hash);
  }

  /** The fields of a line; an error becomes `err`. */
  line(fields: object): CleanLine {
    const bound = { left: MAX_VALUES };
    try {
      return fields instanceof Error ? { err: this.error(fields) } : this.record(fields, 0, bound);
    } catch {
      // A getter or proxy that throws: the line's text is still worth printing.
      return { fields: '[unreadable]' };
    }
  }

  /** What was thrown; of what is no error, its type alone. */
  error(error: unknown): CleanError {
    if (!(error instanceof Error)) return { type: typeof error };
    try {
      return cleanError(error, (text) => this.text(text));
    } catch {
      return { type: 'Error', message: '[unreadable]' };
    }
  }

  private readonly hash = (value: string, kind: string): string => this.pseudonyms?.of(value) ?? `[${kind}]`;

  private record(fields: object, depth: number, bound: Bound): CleanLine {
    const clean: CleanLine = {};
    let count = 0;
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined || typeof value === 'function') continue;
      if (++count > MAX_FIELDS || bound.left-- <= 0) {
        clean['…'] = 'more';
        break;
      }
      const shown = IDENTIFIER.test(name) && name.length <= 40 ? name : this.text(name.slice(0, 80));
      clean[shown === '__proto__' ? '_proto_' : shown] = this.value(name, value, depth, bound);
    }
    return clean;
  }

  private value(name: string, value: unknown, depth: number, bound: Bound): unknown {
    if (value === null || typeof value === 'boolean') return value;
    const treatment = treatmentOf(name);
    if (treatment === 'mask') return maskOf(value);
    switch (typeof value) {
      case 'number':
      case 'bigint':
        return this.number(value, treatment === 'hash');
      case 'string':
        return this.string(name, value, treatment);
      case 'object':
        return this.object(name, value, depth, bound);
      default:
        return `[${typeof value}]`;
    }
  }

  private number(value: number | bigint, isPersonal: boolean): unknown {
    if (isPersonal) return this.hash(String(value), 'number');
    if (typeof value === 'bigint')
      return value > LARGEST_COUNT || value < -LARGEST_COUNT ? '[number]' : value.toString();
    return Math.abs(value) >= LARGEST_COUNT ? '[number]' : value;
  }

  private string(name: string, value: string, treatment: 'hash' | 'id' | 'subject' | 'scan'): string {
    switch (treatment) {
      case 'hash':
        return value === '' ? '' : this.hash(value.slice(0, 1024), name.slice(0, 40));
      case 'id':
        if (name === 'traceId') return TRACE_ID.test(value) ? value : this.text(value);
        return IDENTIFIER.test(value) ? value : this.text(value);
      case 'subject': {
        // An id that the application drew tells nothing to who has not its database; an address or a number does.
        const clean = this.text(value);
        return SUBJECT.test(value)
          ? onOneLine(value)
          : clean.startsWith('h:')
            ? clean
            : this.hash(value.slice(0, 1024), 'subject');
      }
      case 'scan':
        return this.text(value);
    }
  }

  private object(name: string, value: object, depth: number, bound: Bound): unknown {
    if (value instanceof Error) return this.error(value);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[date]' : value.toISOString();
    if (value instanceof URL) return this.text(value.href);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (depth >= MAX_DEPTH) return '[object]';
    if (Array.isArray(value)) {
      const entries: unknown[] = [];
      for (const entry of value.slice(0, MAX_ENTRIES)) {
        if (bound.left-- <= 0) break;
        entries.push(this.value(name, entry, depth + 1, bound));
      }
      return entries.length < value.length ? [...entries, `… ${value.length - entries.length} more`] : entries;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return '[object]';
    return this.record(value, depth + 1, bound);
  }
}

function maskOf(value: unknown): string {
  return typeof value === 'string' ? `[${value.length} characters]` : '[masked]';
}
