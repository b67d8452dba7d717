import { GatewayError, isPathPart, isText, trim } from '../../contract/index.js';
import { isArray, isList, type PhpMap, type PhpNode } from './php-node.js';
import { writePhpJson } from './php-json-writer.js';

const MAX_PATH_PART = 64;

/** Reads fields one by one and gathers every fault, with legacy-php's rules and words (`Validation\Input`). */
export class FieldReader {
  private readonly errors = new Map<string, string>();

  constructor(private readonly fields: ReadonlyMap<string, PhpNode>) {}

  /** The field as it was sent; null for one that was not. */
  raw(field: string): PhpNode {
    return this.fields.get(field) ?? null;
  }

  names(): Iterable<string> {
    return this.fields.keys();
  }

  /** The first fault of a field is the one that is told. */
  fail(field: string, message: string): void {
    if (!this.errors.has(field)) this.errors.set(field, message);
  }

  /** @throws GatewayError VALIDATION_FAILED with every fault that was met */
  check(): void {
    if (this.errors.size > 0)
      throw new GatewayError('VALIDATION_FAILED', { validationErrors: Object.fromEntries(this.errors) });
  }

  /** Trimmed text; undefined when there is none. */
  text(field: string, min: number, max: number, isMultiline = false): string | undefined {
    const sent = this.raw(field);
    if (sent === null) return undefined;
    const value = typeof sent === 'string' ? trim(sent) : sent;
    return this.accept(
      field,
      value,
      isText(value, min, max, isMultiline),
      `must be text of ${min} to ${max} characters`,
    );
  }

  choice(field: string, choices: readonly string[]): string | undefined {
    const value = this.raw(field);
    if (value === null || value === '') return undefined;
    const isKnown = typeof value === 'string' && choices.includes(value);
    return this.accept(field, value, isKnown, `must be one of ${choices.join(', ')}`);
  }

  /** An id that must be there; '' when it is at fault. */
  pathPart(field: string): string {
    if (!this.isGiven(field)) return '';
    const sent = this.raw(field);
    // A whole number is one to PHP as long as it has 64 bits.
    const value = typeof sent === 'bigint' ? String(sent) : sent;
    const isValid = isPathPart(value, MAX_PATH_PART);
    return this.accept(field, value, isValid, 'must be an id of letters, digits, dash, dot and underscore') ?? '';
  }

  /** Text of one form. Blank is a fault, absent is not. */
  matching(field: string, pattern: RegExp, message: string): string | undefined {
    const value = this.raw(field);
    if (value === null || !this.isGiven(field)) return undefined;
    return this.accept(field, value, typeof value === 'string' && pattern.test(value), message);
  }

  /** An array with names, or an empty one, of at most `maxBytes` as JSON. */
  record(field: string, maxBytes: number): PhpMap | readonly never[] | undefined {
    const value = this.raw(field);
    if (value === null) return undefined;
    if (!isArray(value) || (isList(value) && value.length > 0)) {
      this.fail(field, 'must be an object');
      return undefined;
    }
    if (Buffer.byteLength(writePhpJson(value, { keepsZeroFraction: false })) > maxBytes) {
      this.fail(field, `must not be longer than ${maxBytes} bytes`);
      return undefined;
    }
    return isList(value) ? [] : value;
  }

  private isGiven(field: string): boolean {
    const value = this.raw(field);
    const isGiven = value !== null && !(typeof value === 'string' && trim(value) === '');
    if (!isGiven) this.fail(field, 'is required');
    return isGiven;
  }

  private accept(field: string, value: PhpNode, isValid: boolean, message: string): string | undefined {
    if (!isValid) this.fail(field, message);
    return isValid && typeof value === 'string' ? value : undefined;
  }
}
