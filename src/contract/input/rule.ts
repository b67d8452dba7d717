import { Transform } from 'class-transformer';
import { registerDecorator, type ValidationError } from 'class-validator';
import type { MultipartFields, PhpValue, UploadedFile } from '../../routing/index.js';
import type { FieldDescription } from './json-schema.js';

/** A field as it was sent; the file of a DTO that takes one. */
export type InputValue = PhpValue | UploadedFile | undefined;

/** How a text begins that is a finding of ours, and not one of class-validator's own messages. */
const FINDING = '\0finding:';
const FILES = Symbol('files');
/** How class-validator's metadata names our decorators. */
const OBEYS = 'obeys ';

/** Whether it is our decorator, by the name that class-validator's metadata gives it. */
export function isObeying(name: string | undefined): boolean {
  return name?.startsWith(OBEYS) === true;
}

/** All fields of a request as they were sent, and beside them its files: PHP keeps the two apart, and a name may be in both. */
export interface SentFields {
  readonly [name: string]: InputValue;
  readonly [FILES]?: MultipartFields['files'];
}

/** The same fields, with files. */
export function withFiles(sent: SentFields, files: MultipartFields['files']): SentFields {
  return Object.assign(Object.create(null) as object, sent, { [FILES]: files });
}

/** The file under a name; `several` where its name has brackets. */
export function fileOf(sent: SentFields, name: string): UploadedFile | 'several' | undefined {
  return sent[FILES]?.get(name);
}

/** One thing that is wrong. The text says what is allowed and never repeats what was sent. */
export interface Fault {
  /** Where it is wrong, when that is not the field itself: `behavior.tone`, `chat_history[3]`. */
  readonly field?: string;
  readonly message: string;
  /** Another answer than 422, told when nothing else is wrong. */
  readonly code?: 'PAYLOAD_TOO_LARGE' | 'UNSUPPORTED_MEDIA_TYPE';
  /** Told only when nothing else is wrong. */
  readonly isLast?: boolean;
}

/** A fault with the name of its field. */
export type PlacedFault = Fault & { readonly field: string };

/** What a check finds: nothing, what is wrong with the field, or several faults in it. */
export type Finding = string | readonly Fault[] | undefined;

/** What a field must be. */
export interface Rule {
  /** What PHP makes of a single value before it looks at it, e.g. trims it. What PHP would refuse stays as it is. */
  readonly convert?: (value: InputValue, sent: SentFields) => InputValue;
  readonly check: (value: InputValue, sent: SentFields, dto?: object) => Finding;
  /** The same for readers, made of the same bounds as the check. Undefined where the action does not look at the field. */
  readonly describe: (action: string | undefined, field: string) => FieldDescription | undefined;
}

/** The fields that a DTO was made of: a rule may depend on what else was sent. */
const sentFor = new WeakMap<object, SentFields>();

export function rememberSent(dto: object, sent: SentFields): void {
  sentFor.set(dto, sent);
}

/** The rules that stand on a class of its own, by property. */
const rulesOn = new WeakMap<object, Map<string, Rule[]>>();

/** All rules of a DTO by property, its ancestors' included. */
export function rulesOf(dto: new () => object): ReadonlyMap<string, readonly Rule[]> {
  const found = new Map<string, Rule[]>();
  for (
    let prototype: object = dto.prototype;
    prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  )
    for (const [property, rules] of rulesOn.get(prototype) ?? [])
      found.set(property, [...(found.get(property) ?? []), ...rules]);
  return found;
}

/** Holds a property to a rule, by class-transformer and class-validator. `name` tells several rules of one property apart. */
export function Obeys(rule: Rule, name = 'field'): PropertyDecorator {
  const { convert, check } = rule;
  return (prototype, property) => {
    if (typeof property !== 'string') throw new Error('a field has a name');
    const rules = rulesOn.get(prototype) ?? new Map<string, Rule[]>();
    rules.set(property, [...(rules.get(property) ?? []), rule]);
    rulesOn.set(prototype, rules);
    if (convert !== undefined)
      Transform(({ value, obj }) => convert(value as InputValue, obj as SentFields))(prototype, property);
    const find = (value: unknown, dto: object): Finding => check(value as InputValue, sentFor.get(dto) ?? {}, dto);
    registerDecorator({
      name: OBEYS + name,
      target: prototype.constructor,
      propertyName: property,
      validator: {
        validate: (value, args) => args !== undefined && find(value, args.object) === undefined,
        // class-validator carries one text for a property: ours carries where in it, and how to answer.
        defaultMessage: (args) => (args === undefined ? '' : FINDING + JSON.stringify(find(args.value, args.object))),
      },
    });
  };
}

/** The faults that class-validator found, by field; those of nested objects by their path (`data.color`). */
export function faultsOf(errors: readonly ValidationError[], path = ''): readonly PlacedFault[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => [
    ...Object.values(constraints).flatMap((text) => faultsOfText(text, property, path)),
    ...faultsOf(children, `${path}${property}.`),
  ]);
}

function faultsOfText(text: string, property: string, path: string): readonly PlacedFault[] {
  const field = path + property;
  // class-validator's own messages begin with the name of the property, which stands beside them anyway.
  if (!text.startsWith(FINDING)) return [{ field, message: text.replace(`${property} `, '') }];
  const finding = JSON.parse(text.slice(FINDING.length)) as Exclude<Finding, undefined>;
  return typeof finding === 'string' ? [{ field, message: finding }] : finding.map((fault) => ({ field, ...fault }));
}
