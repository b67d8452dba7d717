import type { FieldDescription, JsonSchema } from '../contract/index.js';
import type { MediaType, Parameter, RequestBody } from './document.types.js';
import type { RequestExample } from './route-description.js';
import type { Fields, Variant } from './variants.js';

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'multipart/form-data';

/** Where schemas with a name of their own are put; returns what refers to them. */
export type NameSchema = (name: string, schema: JsonSchema) => JsonSchema;

/** The fields of a query: of all variants, each said to be required only where every variant demands it. */
export function queryParameters(variants: readonly Variant[]): readonly Parameter[] {
  const described = new Map<string, JsonSchema>();
  for (const { description } of variants)
    for (const [name, schema] of Object.entries(description?.query ?? {})) described.set(name, schema);
  const action = actionSchema(variants);
  const names = new Set(variants.flatMap(({ fields }) => [...fields.keys()]));
  return [
    ...(action === undefined
      ? []
      : [
          parameter(
            'action',
            action,
            variants.every(({ actions }) => actions !== undefined),
          ),
        ]),
    ...[...names].map((name) => {
      const having = variants.filter(({ fields }) => fields.has(name));
      const isRequired =
        having.length === variants.length && having.every(({ fields }) => fields.get(name)?.isRequired);
      const [first] = having;
      return parameter(name, first?.fields.get(name)?.schema ?? {}, isRequired);
    }),
    ...[...described].map(([name, schema]) => parameter(name, schema, false)),
  ];
}

function parameter(name: string, schema: JsonSchema, required: boolean): Parameter {
  return { name, in: 'query', required, schema };
}

/** Every value of `action` that means something; undefined where there is none. */
function actionSchema(variants: readonly Variant[]): JsonSchema | undefined {
  const actions = variants.flatMap((variant) => variant.actions ?? []);
  return actions.length === 0 ? undefined : { type: 'string', enum: actions };
}

/** The body of a request: JSON, a form where a file is taken, and what no DTO describes. */
export function requestBody(variants: readonly Variant[], nameSchema: NameSchema): RequestBody | undefined {
  const content: Record<string, MediaType> = {};
  const json = variants.filter(isJson);
  const hasFields = json.some(({ fields, actions }) => fields.size > 0 || actions !== undefined);
  if (hasFields) {
    const schema = bodySchema(json, nameSchema, '');
    const examples = Object.fromEntries(json.flatMap(examplesOf));
    content[JSON_TYPE] = { schema, ...(Object.keys(examples).length === 0 ? {} : { examples }) };
  }
  const forms = variants.filter(({ fields }) => [...fields.values()].some(isFile));
  if (forms.length > 0) content[FORM_TYPE] = { schema: bodySchema(forms, nameSchema, 'Form') };
  for (const { description } of variants)
    for (const [type, schema] of Object.entries(description?.body ?? {})) content[type] = { schema };
  if (Object.keys(content).length === 0) return undefined;
  return { required: variants.every(needsBody), content };
}

function needsBody({ actions, fields, description }: Variant): boolean {
  const demands = [...fields.values()].some(
    ({ isRequired, needsOneOf }) => isRequired === true || needsOneOf !== undefined,
  );
  return actions !== undefined || demands || description?.body !== undefined;
}

function isJson({ fields }: Variant): boolean {
  return ![...fields.values()].some((field) => isFile(field) && field.isRequired === true);
}

function isFile({ schema }: FieldDescription): boolean {
  return schema.format === 'binary';
}

/** One variant is its own schema; several are told apart by `action`. */
function bodySchema(variants: readonly Variant[], nameSchema: NameSchema, kind: string): JsonSchema {
  const [first, ...others] = variants;
  if (first === undefined) return {};
  const schemaOf = (variant: Variant): JsonSchema =>
    objectSchema(variant, kind === '' ? withoutFiles(variant.fields) : variant.fields);
  if (others.length === 0) return schemaOf(first);
  const named = variants.map((variant) => [variant, nameSchema(nameOf(variant) + kind, schemaOf(variant))] as const);
  const schemas = named.map(([, schema]) => schema);
  if (variants.some(({ actions }) => actions === undefined)) return { anyOf: schemas };
  const mapping = named.flatMap(([{ actions = [] }, { $ref = '' }]) =>
    actions.map((action) => [action, $ref] as const),
  );
  return { oneOf: schemas, discriminator: { propertyName: 'action', mapping: Object.fromEntries(mapping) } };
}

function objectSchema({ actions, route }: Variant, fields: Fields): JsonSchema {
  const entries = [...fields];
  const required = entries.filter(([, { isRequired }]) => isRequired).map(([name]) => name);
  const choices = new Set(entries.flatMap(([, { needsOneOf }]) => oneOfThese(needsOneOf, fields)));
  const lists = [...choices].map((key) => key.split(' '));
  const always = [...(actions === undefined ? [] : ['action']), ...required, ...lists.filter(isSingle).flat()];
  const several = lists.filter((list) => !isSingle(list)).map(oneMustBeThere);
  const [only, ...more] = several;
  return {
    type: 'object',
    ...(always.length === 0 ? {} : { required: [...new Set(always)] }),
    properties: {
      ...(actions === undefined ? {} : { action: { type: 'string', enum: actions } }),
      ...Object.fromEntries(entries.map(([name, { schema }]) => [name, schema])),
    },
    ...(route.policies.unknownFields === 'refuse' ? { additionalProperties: false } : {}),
    ...(only === undefined ? {} : more.length === 0 ? only : { allOf: several }),
  };
}

/** Not as `anyOf`, of which generators of clients make a type that is anything. */
function oneMustBeThere(names: readonly string[]): JsonSchema {
  const [last = '', ...others] = names.toReversed();
  return { if: { anyOf: others.map((name) => ({ required: [name] })) }, else: { required: [last] } };
}

/** As one text, so that two fields that say the same say it once. */
function oneOfThese(names: readonly string[] | undefined, fields: Fields): readonly string[] {
  return names === undefined
    ? []
    : [
        names
          .filter((name) => fields.has(name))
          .toSorted()
          .join(' '),
      ];
}

function isSingle(list: readonly string[]): boolean {
  return list.length === 1;
}

function withoutFiles(fields: Fields): Fields {
  return new Map([...fields].filter(([, field]) => !isFile(field)));
}

function nameOf({ route, actions }: Variant): string {
  const isWhole = actions === undefined || actions.length === route.match.actions?.length;
  return `${pascal(isWhole ? route.name : `${route.name}.${actions[0] ?? ''}`)}Request`;
}

function pascal(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

type NamedExample = readonly [name: string, example: { readonly summary: string; readonly value: unknown }];

/** With the action that each is of: an example of the action's own name, else of the first one. */
function examplesOf(variant: Variant): readonly NamedExample[] {
  return exampleRequests(variant).map(({ name, summary, fields }) => [name, { summary, value: fields }]);
}

/** The requests that are shown of a variant, whole. */
export function exampleRequests({
  actions,
  description,
  route,
}: Variant): readonly (RequestExample & { readonly name: string })[] {
  const examples = Object.entries(description?.examples ?? {});
  const isByAction = examples.some(([name]) => route.match.actions?.includes(name));
  return examples
    .filter(([name]) => !isByAction || actions?.includes(name) === true)
    .map(([name, { summary, fields }]) => ({
      name: actions === undefined ? name : isByAction ? name : `${actions[0] ?? ''}.${name}`,
      summary,
      fields: actions === undefined ? fields : { action: isByAction ? name : actions[0], ...fields },
    }));
}
