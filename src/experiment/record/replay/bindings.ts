import { makeStandIn } from '../redaction/make-stand-in.js';
import { type Shape, shapeOf } from '../redaction/value-shape.js';

const VARIABLE = /\{\{#?([a-z]+(?::\d+)?(?:\.[a-z]+)?)\}\}/g;
const NUMBER_VARIABLE = /"\{\{#([a-z]+:\d+)\}\}"/g;

/**
 * What the stand-ins of a recording are on the side that it is replayed against: variables that its answers told, callers,
 * and which of its own values go with which stand-in, one to one.
 */
export class Bindings {
  private readonly values = new Map<string, string>();
  private readonly names = new Map<string, string>();
  private readonly standIns = new Map<string, string>();
  private readonly originals = new Map<string, string>();
  private readonly sent = new Set<string>();

  constructor(private readonly now: number) {}

  /** `id:1`, `user:1`, `user:1.email`. */
  bind(name: string, value: string): void {
    this.values.set(name, value);
    this.names.set(value, name);
  }

  isBound(name: string): boolean {
    return this.values.has(name);
  }

  /** Names of variables in a text. */
  static namesIn(text: string): readonly string[] {
    return [...text.matchAll(VARIABLE)].map(([, name = '']) => name);
  }

  /** A text with its variables filled; an id that no answer told becomes one that nobody has. `encode`: as it has to be spelt there. */
  fill(text: string, variables: Readonly<Record<string, string>>, encode: (value: string) => string): string {
    return text.replaceAll(VARIABLE, (_, name: string) => encode(this.valueOf(name, variables)));
  }

  /** The same in JSON text, where `"{{#id:1}}"` is a number. */
  fillJson(text: string, variables: Readonly<Record<string, string>>): string {
    const numbers = text.replaceAll(NUMBER_VARIABLE, (all, name: string) => {
      const value = this.valueOf(name, variables);
      return /^-?\d{1,15}$/.test(value) ? value : all.replace('#', '');
    });
    return this.fill(numbers, variables, (value) => JSON.stringify(value).slice(1, -1));
  }

  /** A value that was sent as it stands in the fixture must come back as it is. */
  noteSent(value: string): void {
    this.sent.add(value);
  }

  /** Whether an answer's value is what the fixture says there. `shape`: that of the variable, where it is an id's. */
  isSame(recorded: string, live: string, isId: boolean, variables: Readonly<Record<string, string>>): boolean {
    if (recorded === live) return true;
    const [whole, name] = new RegExp(`^${VARIABLE.source}$`).exec(recorded) ?? [];
    if (whole !== undefined && name !== undefined) return this.isVariable(name, live, variables);
    if (this.sent.has(recorded)) return false;
    const [a, b] = [this.shape(recorded, isId), this.shape(live, isId)];
    // Clocks go on: of a time counts how it is spelt.
    if (a.startsWith('time:')) return withoutTense(a) === withoutTense(b);
    return a === b && this.pair(recorded, live);
  }

  private isVariable(name: string, live: string, variables: Readonly<Record<string, string>>): boolean {
    if (name === 'trace' || name === 'secret') return live !== '';
    const bound = this.values.get(name);
    if (bound !== undefined) return bound === live;
    // What one variable has, another has not.
    if (this.names.has(live)) return false;
    const shape = variables[name];
    if (shape !== undefined && this.shape(live, true) !== `id:${shape}`) return false;
    this.bind(name, live);
    return true;
  }

  private pair(recorded: string, live: string): boolean {
    const known = this.standIns.get(recorded);
    if (known !== undefined) return known === live;
    if (this.originals.has(live)) return false;
    this.standIns.set(recorded, live);
    this.originals.set(live, recorded);
    return true;
  }

  private valueOf(name: string, variables: Readonly<Record<string, string>>): string {
    const known = this.values.get(name);
    if (known !== undefined) return known;
    const shape = variables[name];
    const made =
      shape === undefined ? name.replace(':', '-') : makeStandIn(`id:${shape}`, Number(/\d+/.exec(name)?.[0] ?? 0));
    if (shape !== undefined) this.bind(name, made);
    return made;
  }

  private shape(text: string, isId: boolean): Shape {
    return shapeOf(text, isId, this.now);
  }
}

function withoutTense(shape: Shape): Shape {
  return shape.replace(/^time:(?:past|future):/, 'time:');
}
