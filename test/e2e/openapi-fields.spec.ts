import { describe, expect, it } from '@jest/globals';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import '../../src/admin/index.js';
import '../../src/features/index.js';
import '../../src/realtime/index.js';
import { describeInput, inputDtoNames } from '../../src/contract/input/index.js';
import { findFaults, makeDto } from '../../src/contract/input/dto-faults.js';
import { inputDto } from '../../src/contract/input/input-dto.js';
import type { FieldDescription, JsonSchema } from '../../src/contract/input/json-schema.js';
import type { SentFields } from '../../src/contract/input/rule.js';

const ajv = new Ajv2020({
  strict: false,
  formats: { email: /^[^@\s]+@[^@\s]+\.[^@\s]+$/, date: true, 'date-time': true, password: true, binary: true },
});
/** Actions by which the fields of a DTO differ. */
const ACTIONS = [
  undefined,
  'voice_event',
  'send_email',
  'send_text',
  'initiate_call',
  'transfer_call',
  'get_call_status',
];

interface Field {
  readonly dto: string;
  readonly action: string | undefined;
  readonly name: string;
  readonly described: FieldDescription;
  readonly isValid: ValidateFunction;
}

const fields: readonly Field[] = [...inputDtoNames()].flatMap((dto) =>
  ACTIONS.flatMap((action) =>
    [...(describeInput(dto, action) ?? [])].map(([name, described]) => {
      return { dto, action, name, described, isValid: ajv.compile(described.schema) };
    }),
  ),
);
/** Of the actions that demand the same one is enough. */
const jsonFields = [
  ...new Map(
    fields
      .filter(({ described }) => described.schema.format !== 'binary')
      .map((field) => [`${field.dto} ${field.name} ${JSON.stringify(field.described)}`, field] as const),
  ).values(),
];

/** What the DTO finds wrong with one field of a request that has nothing else. */
function faultsAt({ dto, action, name }: Field, value: unknown): readonly string[] {
  const Dto = inputDto(dto);
  if (Dto === undefined) throw new Error(dto);
  const sent = Object.assign(Object.create(null) as object, {
    ...(action === undefined ? {} : { action }),
    [name]: value,
  }) as SentFields;
  return findFaults(Dto, makeDto(Dto, sent), sent)
    .filter(
      ({ field, isLast }) =>
        isLast !== true && (field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`)),
    )
    .map(({ field, message }) => `${field} ${message}`);
}

/** As PHP's JSON reader makes values: objects without a prototype. */
function asRead(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asRead);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]) => [name, asRead(member)]);
  return Object.assign(Object.create(null) as object, Object.fromEntries(entries));
}

/** Values of a schema's form; what they are beyond that a validator says. */
function valuesOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(valuesOf));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.format === 'date-time') return moments().map((date) => date.toISOString());
  if (schema.format === 'date') return moments().map((date) => date.toISOString().slice(0, 10));
  if (schema.format === 'email')
    return fc.constantFrom('ada@byron.example', 'a.b+c@mail.example.com', "o'neil@x-y.example");
  switch ([schema.type].flat()[0]) {
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1000, max: schema.maximum ?? 1000 });
    case 'number':
      return fc.double({ min: schema.minimum ?? 0, max: schema.maximum ?? 1000, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 5, 5),
      });
    case 'object':
      return fc.record(
        Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, one]) => [name, valuesOf(one)])),
        {
          requiredKeys: [...(schema.required ?? [])],
        },
      );
    case 'string':
      return texts(schema);
    default:
      return fc.constantFrom('x', 1, true);
  }
}

function moments(): fc.Arbitrary<Date> {
  return fc.date({ min: new Date('1971-01-01'), max: new Date('2090-01-01'), noInvalidDate: true });
}

function texts({ pattern, minLength = 0, maxLength = 200 }: JsonSchema): fc.Arbitrary<string> {
  const free = fc.string({ minLength, maxLength: Math.min(maxLength, 300) });
  const atBound = fc.constant('x'.repeat(maxLength));
  // Lookaheads are beyond the generator: what does not fit is filtered by the validator.
  const shaped =
    pattern === undefined || pattern.includes('(?=') || pattern.includes('(?!')
      ? free
      : fc.stringMatching(new RegExp(pattern, 'u'));
  return fc.oneof(free, shaped, atBound, fc.constantFrom('en', '#2f6f8f', '+15550100123', 'v3:abc', 'id-1', 'a.b'));
}

const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    true,
    12.5,
    -1,
    1e15,
    [],
    ['x'],
    {},
    { a: 1 },
    'x'.repeat(25_000),
    'a\u0000b',
    'a\u0007b',
    '../x',
    '..',
    '#12',
    'EN',
    'a@b',
    'x y@z.example',
  ),
  fc.string({ maxLength: 30 }),
  fc.integer(),
  fc.array(fc.integer(), { maxLength: 3 }),
  fc.dictionary(fc.string({ maxLength: 5 }), fc.integer(), { maxKeys: 3 }),
);

describe('what a DTO says of its fields', () => {
  it('says something of every DTO that there is, and of every field', () => {
    expect(fields.length).toBeGreaterThan(100);
    const silent = [...inputDtoNames()].filter((dto) => !fields.some((field) => field.dto === dto));
    expect(silent).toEqual([]);
  });

  it.each(jsonFields.map((field) => [`${field.dto} ${field.action ?? ''} ${field.name}`, field] as const))(
    '%s: what it describes it takes, what it does not describe it refuses',
    (_name, field) => {
      fc.assert(
        fc.property(
          fc.oneof({ weight: 2, arbitrary: valuesOf(field.described.schema) }, { weight: 1, arbitrary: hostile }),
          (value) => {
            // Not said by JSON Schema: half a character; bytes; names that are numbers, which make an object a list to PHP.
            fc.pre(!/\\ud[89a-f]/.test(JSON.stringify(value)));
            const faults = faultsAt(field, asRead(value));
            if (field.isValid(value)) expect([value, faults]).toEqual([value, []]);
            else if (!isTakenBesides(value)) expect([value, faults.length]).not.toEqual([value, 0]);
          },
        ),
        { numRuns: 60 },
      );
    },
  );

  /** Left to forms, and to who sends what PHP has always taken: spellings that are converted before they are looked at. */
  function isTakenBesides(value: unknown): boolean {
    if (typeof value === 'number') return true;
    if (typeof value === 'string')
      return (
        value !== value.trim() ||
        value === '' ||
        /^[-+0-9(]/.test(value) ||
        value.startsWith('{') ||
        /^(true|false)$/.test(value) ||
        /[\v\f]/.test(value)
      );
    return (Array.isArray(value) && value.length === 0) || isListLike(value);
  }

  function isListLike(value: unknown): boolean {
    return typeof value === 'object' && value !== null && Object.keys(value).every((key) => /^\d+$/.test(key));
  }

  it('says which fields must be there, and of which one must', () => {
    const of = (dto: string, action?: string): object =>
      Object.fromEntries(
        [...(describeInput(dto, action) ?? [])].map(([name, { isRequired, needsOneOf }]) => [
          name,
          needsOneOf ?? isRequired ?? false,
        ]),
      );
    expect(of('marketing.send')).toEqual({ to: true, subject: true, body: true });
    expect(of('marketing.reply')).toMatchObject({ email_id: false, to: ['to', 'email_id'], body: true });
    expect(of('sales.update-lead')).toMatchObject({
      lead_id: false,
      id: ['id', 'lead_id'],
      status: ['status', 'temperature', 'score', 'notes'],
    });
    expect(of('sales.message', 'send_text')).toEqual({ to: true, text: ['text', 'message'], message: false });
    expect(of('sales.message', 'send_email')).toEqual({ to: true, subject: true, body: true });
    expect(of('voice.calls', 'initiate_call')).toEqual({ to: true, from: false });
    expect(of('voice.calls', 'get_call_status')).toEqual({
      call_control_id: false,
      call_id: ['call_id', 'call_control_id'],
    });
    expect(of('voice.converse')).toMatchObject({ audio_data: ['audio_data', 'audio'], audio: false });
    expect(of('secretary')).toEqual({});
    expect(of('admin.stage.set')).toEqual({ stage: true, weight: false, reason: true });
    expect(describeInput('nobody')).toBeUndefined();
  });

  it.each(
    fields
      .filter((field) => field.described.isRequired === true)
      .map((field) => [`${field.dto} ${field.action ?? ''} ${field.name}`, field] as const),
  )('%s is really missed where it is missing', (_name, field) =>
    expect(faultsAt(field, undefined).length).toBeGreaterThan(0),
  );

  it('calls a file a file', () => {
    const files = fields.filter(({ described }) => described.schema.format === 'binary');
    expect(new Set(files.map(({ dto }) => dto))).toEqual(new Set(['voice', 'voice.upload', 'voice.converse']));
  });
});
