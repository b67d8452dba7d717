import type { JsonSchema } from '../contract/index.js';
import type { Route, RouteGroup } from '../routing/index.js';
import { descriptionOf } from './descriptions/index.js';
import type { Audience } from './audience.js';
import type { Method, Operation, Parameter } from './document.types.js';
import { type NameSchema, queryParameters, requestBody } from './make-request.js';
import { makeResponses } from './make-responses.js';
import { adminExtensions, limitsOf, securityOf } from './policy-facts.js';
import type { AnswerDescription, PlaceDescription, RouteDescription } from './route-description.js';
import { routesOf, type Variant, variantsOf } from './variants.js';

/** An operation and where it stands. */
export interface PlacedOperation {
  readonly path: string;
  readonly method: Method;
  readonly operation: Operation;
}

const TAIL = /\{\*[a-z]+\}$/;

/** The operations of one path and method of the table: one, or one for each place below a prefix. */
export function makeOperations(
  group: RouteGroup,
  { path, method }: { readonly path: string; readonly method: Method },
  audience: Audience,
  nameSchema: NameSchema,
): readonly PlacedOperation[] {
  const lead = group.base ?? group.gate;
  const description = descriptionOf(lead, method) ?? undefined;
  if (descriptionOf(lead, method) === null || !isFor(audience, description, group.gate)) return [];
  const variants = variantsOf(group, method);
  const facts: Facts = { group, lead, method, description, variants, audience, nameSchema };
  if (!TAIL.test(path)) return [{ path, method, operation: makeOperation(facts) }];
  const prefix = path.replace(TAIL, '');
  const { places = { '{path}': UNDESCRIBED_PLACE } } = description ?? {};
  return Object.entries(places).map(([place, said]) => ({
    path: (prefix + place).replace(/(?<=.)\/$/, ''),
    method,
    operation: makeOperation(facts, { name: place, said, isOnly: Object.keys(places).length === 1 }),
  }));
}

const UNDESCRIBED_PLACE: PlaceDescription = {
  summary: '',
  parameters: { path: { type: 'string', description: 'Whatever stands below; slashes are part of it' } },
};

/** A place below a prefix; `isOnly` where it is the only one. */
interface Place {
  readonly name: string;
  readonly said: PlaceDescription;
  readonly isOnly: boolean;
}

interface Facts {
  readonly group: RouteGroup;
  /** The route whose name the operation has. */
  readonly lead: Route;
  readonly method: Method;
  readonly description: RouteDescription | undefined;
  readonly variants: readonly Variant[];
  readonly audience: Audience;
  readonly nameSchema: NameSchema;
}

function makeOperation(
  { group, lead, method, description, variants, audience, nameSchema }: Facts,
  place?: Place,
): Operation {
  const routes = routesOf(group);
  const inQuery = (description?.fieldsIn ?? (method === 'get' || method === 'head' ? 'query' : 'body')) === 'query';
  const parameters = [
    ...pathParameters(place),
    ...headerParameters(description),
    ...namedParameters(place?.said.query, 'query', false),
    ...queryParameters(inQuery ? variants : variants.map(withoutFields)),
  ];
  const body = inQuery ? undefined : requestBody(variants, nameSchema);
  const answers = answersOf(variants, description, place?.said);
  const descriptions = [description, ...variants.map((variant) => variant.description)].filter(
    (one) => one !== undefined,
  );
  const { roles } = group.gate.policies.authorization;
  const summary = [place?.said.summary, description?.summary].find((text) => text !== undefined && text !== '');
  const text = [description?.description, actionList(variants)].filter((part) => part !== undefined).join('\n\n');
  return {
    operationId: operationId(lead, method, place?.isOnly === true ? '' : place?.name),
    summary: summary ?? `${lead.match.path}: not described yet`,
    ...(text === '' ? {} : { description: text }),
    tags: [description?.tag ?? 'Other'],
    ...(description?.isDeprecated === true ? { deprecated: true } : {}),
    security: securityOf(group.gate),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: makeResponses(routes, descriptions, answers, method),
    ...(roles.length === 0 ? {} : { 'x-required-roles': roles }),
    'x-rate-limit': limitsOf(routes),
    ...(method === 'get' ? {} : { 'x-max-body-bytes': group.gate.policies.maxBodyBytes }),
    ...(audience === 'admin' ? adminExtensions(routes) : {}),
  };
}

/** The route's name; with the method where the route has several, with the place where it has several. */
function operationId({ name, match: { methods } }: Route, method: Method, place = ''): string {
  const slug = place.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '');
  return [
    name,
    ...(slug === '' ? [] : [slug]),
    ...(methods.filter((one) => one !== 'HEAD').length === 1 ? [] : [method]),
  ].join('.');
}

function isFor(audience: Audience, description: RouteDescription | undefined, gate: Route): boolean {
  const { roles } = gate.policies.authorization;
  const wanted = description?.audience ?? (roles.length === 0 ? 'everyone' : 'admin');
  return wanted !== 'nobody' && (audience === 'admin' || (wanted === 'everyone' && roles.length === 0));
}

function pathParameters(place: Place | undefined): readonly Parameter[] {
  const names = [...(place?.name.matchAll(/\{(\w+)\}/g) ?? [])].map(([, name = '']) => name);
  return names.map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: place?.said.parameters?.[name] ?? { type: 'string', minLength: 1 },
  }));
}

function headerParameters(description: RouteDescription | undefined): readonly Parameter[] {
  return namedParameters(description?.headers, 'header', false);
}

function namedParameters(
  schemas: Readonly<Record<string, JsonSchema>> = {},
  where: Parameter['in'],
  required: boolean,
): readonly Parameter[] {
  return Object.entries(schemas).map(([name, schema]) => ({ name, in: where, required, schema }));
}

function withoutFields(variant: Variant): Variant {
  return { ...variant, actions: undefined, fields: new Map() };
}

function answersOf(
  variants: readonly Variant[],
  description: RouteDescription | undefined,
  place: PlaceDescription | undefined,
): readonly Readonly<Record<number, AnswerDescription>>[] {
  if (place?.answers !== undefined) return [place.answers];
  const described = variants.flatMap(({ description: own }) => (own === undefined ? [] : [own.answers]));
  return described.length === 0 && description !== undefined ? [description.answers] : described;
}

/** What each action does, for readers: in OpenAPI a path and method are one operation. */
function actionList(variants: readonly Variant[]): string | undefined {
  if (variants.every(({ actions }) => actions === undefined)) return undefined;
  const lines = variants.map(({ actions, description, route }) => {
    const names = actions === undefined ? 'without an action' : actions.map((action) => `\`${action}\``).join(', ');
    const isServed = route.match.actions === undefined && actions !== undefined;
    const summary = (isServed ? description?.serves?.summary : undefined) ?? description?.summary ?? route.name;
    return `- ${names}: ${summary}${description?.description === undefined ? '' : `. ${description.description}`}`;
  });
  return ['By `action`:', '', ...lines].join('\n');
}
