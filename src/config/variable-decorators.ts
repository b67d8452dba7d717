import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsString, ValidateBy } from 'class-validator';
import { readMailbox } from './mailbox.js';
import type { ValueCheck } from './value-checks.js';

export interface VariableFacts {
  readonly example: string;
  /** A secret's spaces are part of it; other values are trimmed. */
  readonly secret: boolean;
}

const declared = new Map<string, VariableFacts>();

/** Every variable the gateway knows, in the order of the contract's section 4. */
export const knownVariables: ReadonlyMap<string, VariableFacts> = declared;

export function Text(example: string, check: ValueCheck = () => undefined): PropertyDecorator {
  return all(declare(example), IsString(), checkedText(check));
}

export function Secret(example: string, check: ValueCheck = () => undefined): PropertyDecorator {
  return all(declare(example, true), IsString(), checkedText(check));
}

function checkedText(check: ValueCheck): PropertyDecorator {
  return checked('isText', (value) => (typeof value === 'string' ? check(value) : undefined));
}

export function Email(example: string): PropertyDecorator {
  const message = 'must be an e-mail address, or a name and an address as in the example';
  return all(
    declare(example),
    IsString(),
    checkedText((value) => (readMailbox(value) === undefined ? message : undefined)),
  );
}

export function OneOf(values: readonly string[], example: string): PropertyDecorator {
  return all(declare(example), IsIn([...values], { message: `must be one of ${values.join(', ')}` }));
}

/** Digits only: `80abc`, `1e3`, `-1`, `0x50` and `3.0` are refused, since `Number()` would guess. */
export function WholeNumber(range: { readonly min: number; readonly max: number }, example: string): PropertyDecorator {
  const isInRange = (value: unknown): boolean => typeof value === 'number' && value >= range.min && value <= range.max;
  const problem = `must be a whole number from ${range.min} to ${range.max}`;
  return all(
    declare(example),
    Transform(({ value }: { value: string }) => (/^\d{1,15}$/.test(value) ? Number(value) : value)),
    checked('isWholeNumber', (value) => (isInRange(value) ? undefined : problem)),
  );
}

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

export function Flag(example: 'true' | 'false'): PropertyDecorator {
  return all(
    declare(example),
    Transform(({ value }: { value: string }) => FLAGS.get(value) ?? value),
    IsBoolean({ message: 'must be true, false, 1 or 0' }),
  );
}

/** Comma-separated; the first bad entry is told by its place in the list. */
export function List(example: string, check: ValueCheck): PropertyDecorator {
  return all(
    declare(example),
    Transform(({ value }: { value: string }) => splitList(value)),
    checked('isList', (value) => listProblem(value, check)),
  );
}

function listProblem(value: unknown, check: ValueCheck): string | undefined {
  const entries = Array.isArray(value) ? value.map(String) : [];
  if (entries.length === 0) return 'must name at least one entry';
  for (const [index, entry] of entries.entries()) {
    const problem = check(entry);
    if (problem !== undefined) return entries.length === 1 ? problem : `entry ${index + 1} ${problem}`;
  }
  return undefined;
}

function splitList(value: string): string[] {
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function declare(example: string, secret = false): PropertyDecorator {
  return (_target, name) => void declared.set(String(name), { example, secret });
}

function checked(name: string, problemOf: (value: unknown) => string | undefined): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value: unknown) => problemOf(value) === undefined,
      defaultMessage: (context) => problemOf(context?.value) ?? 'is wrong',
    },
  });
}

function all(...decorators: PropertyDecorator[]): PropertyDecorator {
  return (target, name) => {
    for (const decorate of decorators) decorate(target, name);
  };
}
