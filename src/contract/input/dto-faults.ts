import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import type { DtoClass } from './input-dto.js';
import {
  faultsOf,
  fileOf,
  type InputValue,
  type PlacedFault,
  rememberSent,
  type Rule,
  rulesOf,
  type SentFields,
} from './rule.js';

/** A DTO as it is asked on every request. */
interface CompiledDto {
  readonly fields: ReadonlySet<string>;
  /** Its rules, when it has no decorators but ours: class-validator then need not look for what is wrong when nothing is. */
  readonly rules: readonly (readonly [field: string, rules: readonly Rule[]])[] | undefined;
}

const compiled = new WeakMap<DtoClass, CompiledDto>();

function compile(dto: DtoClass): CompiledDto {
  const known = compiled.get(dto);
  if (known !== undefined) return known;
  const metadata = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  const rules = [...rulesOf(dto)];
  const made = {
    fields: new Set(metadata.map(({ propertyName }) => propertyName)),
    rules: rules.flatMap(([, some]) => some).length === metadata.length ? rules : undefined,
  };
  compiled.set(dto, made);
  return made;
}

/** The names of a DTO's fields: those with a decorator of class-validator's. */
export function dtoFields(dto: DtoClass): ReadonlySet<string> {
  return compile(dto).fields;
}

/** Makes the DTO of the fields that were sent, single values converted as PHP converts them; other fields stay behind. */
export function makeDto(Dto: DtoClass, sent: SentFields): object {
  const { fields, rules } = compile(Dto);
  const dto = rules === undefined ? transform(Dto, fields, sent) : convert(new Dto(), rules, sent);
  rememberSent(dto, sent);
  return dto;
}

/** What is wrong with a DTO. */
export function findFaults(Dto: DtoClass, dto: object, sent: SentFields): readonly PlacedFault[] {
  const values = dto as Readonly<Record<string, InputValue>>;
  const isGood = compile(Dto).rules?.every(([field, rules]) =>
    rules.every(({ check }) => check(values[field], sent, dto) === undefined),
  );
  if (isGood === true) return [];
  return faultsOf(validateSync(dto, { validationError: { target: false, value: false } }));
}

/** What our rules make of the fields: the same as class-transformer, without its look at every class on the way. */
function convert(dto: object, rules: NonNullable<CompiledDto['rules']>, sent: SentFields): object {
  const values = dto as Record<string, InputValue>;
  for (const [field, some] of rules) {
    let value = valueOf(sent, field);
    if (value === undefined) continue;
    if (isSingle(value))
      for (const rule of some) value = rule.convert === undefined ? value : rule.convert(value, sent);
    values[field] = value;
  }
  return dto;
}

function transform(Dto: DtoClass, fields: ReadonlySet<string>, sent: SentFields): object {
  const single: Record<string, InputValue> = {};
  const whole: Record<string, InputValue> = {};
  for (const field of fields) {
    const value = valueOf(sent, field);
    // class-transformer would take what a client puts into an object (`constructor`) for the object's own.
    if (value !== undefined) (isSingle(value) ? single : whole)[field] = value;
  }
  // A rule for one field may look at `action`, which is none of the DTO's.
  if (typeof sent['action'] === 'string') single['action'] ??= sent['action'];
  return Object.assign(plainToInstance(Dto, single), whole);
}

function valueOf(sent: SentFields, field: string): InputValue {
  const value = sent[field];
  if (value !== undefined) return value;
  const file = fileOf(sent, field);
  return file === 'several' ? undefined : file;
}

function isSingle(value: InputValue): boolean {
  return typeof value !== 'object' || value === null;
}
