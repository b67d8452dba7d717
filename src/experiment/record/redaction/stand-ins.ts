import { createHash } from 'node:crypto';
import { makeStandIn } from './make-stand-in.js';
import { numberShape, type Shape, shapeOf } from './value-shape.js';

/** Values that are remembered; later ones are replaced too, though not told apart. */
const MAX_VALUES = 20_000;
const LONG = 64;
const MIN_LINKED_LENGTH = 3;

/** A caller whose own data is replaced by variables: `{{user:1}}`, `{{user:1.email}}`. */
export interface KnownCaller {
  readonly subject: string;
  readonly email?: string;
  readonly name?: string;
}

/**
 * Stand-ins for values, numbered as they come: the same value gets the same one wherever it stands, and the same traffic the
 * same ones in every recording. Numbers, not hashes: nobody can try a name and see whether it fits. Ids become variables
 * (`{{id:1}}`), which a replay fills with what the other side made.
 */
export class StandIns {
  private readonly byValue = new Map<string, string>();
  private readonly counts = new Map<string, number>();
  /** Shapes of the variables for ids, by name: `id:1`. */
  readonly variables = new Map<string, string>();

  constructor(private readonly now: () => number = Date.now) {}

  /** Numbers a caller and links what is known of it to its variables. `role`: as a replay has to sign in. */
  caller(role: 'user' | 'admin', { subject, email, name }: KnownCaller): string {
    const known = this.byValue.get(`caller\0${role}\0${keyOf(subject)}`);
    if (known !== undefined) return known;
    const made = `${role}:${this.next(role)}`;
    this.keep(`caller\0${role}\0${keyOf(subject)}`, made);
    for (const [value, variable] of [
      [subject, made],
      [email, `${made}.email`],
      [name, `${made}.name`],
    ] as const) {
      if (value !== undefined && value.length >= MIN_LINKED_LENGTH && !this.byValue.has(keyOf(value)))
        this.keep(keyOf(value), `{{${variable}}}`);
    }
    return made;
  }

  /** `isId`: by the name of its field. */
  ofText(value: string, isId: boolean): string {
    return this.byValue.get(keyOf(value)) ?? this.make(value, shapeOf(value, isId, this.now()));
  }

  /** A number as it is spelt; `isId`: by the name of its field, and then a variable for a number (`{{#id:1}}`). */
  ofNumber(spelling: string, isId: boolean): string {
    if (isId) return this.ofText(spelling, true).replace(/^\{\{/, '{{#');
    return this.byValue.get(`number\0${spelling}`) ?? this.make(`number\0${spelling}`, numberShape(spelling));
  }

  /** A name of a member or a parameter that is not known. */
  ofName(name: string, word: string): string {
    const known = this.byValue.get(`name\0${keyOf(name)}`);
    if (known !== undefined) return known;
    const made = `${word}_${this.next(word)}`;
    this.keep(`name\0${keyOf(name)}`, made);
    return made;
  }

  private make(value: string, shape: Shape): string {
    if (shape.startsWith('blank:')) return value;
    if (shape.startsWith('id:')) {
      const name = `id:${this.next('id')}`;
      if (this.variables.size < MAX_VALUES) this.variables.set(name, shape.slice(3));
      this.keep(keyOf(value), `{{${name}}}`);
      return `{{${name}}}`;
    }
    const made = makeStandIn(shape, this.next(kindOf(shape)));
    this.keep(keyOf(value), made);
    return made;
  }

  private next(kind: string): number {
    const n = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, n);
    return n;
  }

  private keep(key: string, standIn: string): void {
    if (this.byValue.size < MAX_VALUES) this.byValue.set(key, standIn);
  }
}

function kindOf(shape: Shape): string {
  return shape.split(':', 1)[0] ?? '';
}

/** A long value is remembered by its hash, so that the table stays small. */
function keyOf(value: string): string {
  return value.length <= LONG ? value : `sha256\0${createHash('sha256').update(value).digest('base64')}`;
}
