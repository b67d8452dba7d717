import type { ErrorCode, JsonSchema } from '../contract/index.js';
import type { Route } from '../routing/index.js';
import type { MediaType, Reference, Response } from './document.types.js';
import type { AnswerDescription, AnswerFields, RouteDescription } from './route-description.js';
import { object } from './schema-words.js';
import { ENVELOPE, headersOf, type OddStatus, statusOf } from './shared-components.js';

type Answers = Readonly<Record<number, AnswerDescription>>;

/** The answers of an operation: those of its descriptions, and the refusals that follow from its policies. */
export function makeResponses(
  routes: readonly Route[],
  descriptions: readonly RouteDescription[],
  answers: readonly Answers[],
  method: string,
): Readonly<Record<string, Response | Reference>> {
  const isLimited = routes.some(({ policies }) => policies.rateLimit.length > 0);
  const statuses = [...new Set(answers.flatMap((some) => Object.keys(some).map(Number)))];
  const good = statuses.map((status) => {
    const described = answers.flatMap((some) => some[status] ?? []);
    return [String(status), goodResponse(status, described, isLimited)] as const;
  });
  const errors = new Set<ErrorCode | OddStatus>([
    ...routes.flatMap((route) => errorsOf(route, method)),
    ...descriptions.flatMap((description) => description.errors ?? []),
  ]);
  const refused = [...new Set([...errors].map(statusOf))]
    .toSorted((a, b) => a - b)
    .map((status) => [String(status), { $ref: `#/components/responses/Error${status}` }] as const);
  // Nobody has said what it answers: something.
  const unknown = good.length === 0 && descriptions.length === 0 ? [['default', undescribed(isLimited)] as const] : [];
  return Object.fromEntries([...good, ...unknown, ...refused]);
}

function undescribed(isLimited: boolean): Response {
  return { description: 'What the application answers', headers: headersOf(200, isLimited) };
}

function goodResponse(status: number, described: readonly AnswerDescription[], isLimited: boolean): Response {
  const content: Record<string, MediaType> = {};
  const schemas = unique(described.flatMap(({ fields }) => (fields === undefined ? [] : [enveloped(fields)])));
  const [only, ...more] = schemas;
  if (only !== undefined) content['application/json'] = { schema: more.length === 0 ? only : { anyOf: schemas } };
  for (const { content: other = {} } of described)
    for (const [type, schema] of Object.entries(other)) content[type] = { schema };
  return {
    description: [...new Set(described.map(({ description }) => description))].join(', or: '),
    headers: headersOf(status, isLimited && status !== 101),
    ...(Object.keys(content).length === 0 ? {} : { content }),
  };
}

function enveloped(fields: AnswerFields): JsonSchema {
  return object({ ...ENVELOPE, ...fields });
}

/** The refusals that a route's policies can lead to. Whoever answers at the moment: a stage is no fact for clients. */
function errorsOf({ policies, upstream }: Route, method: string): readonly ErrorCode[] {
  const { authorization, rateLimit, concurrency, input, signature } = policies;
  const isRead = method === 'get' || method === 'head';
  return [
    'BAD_REQUEST',
    ...(authorization.anyOf.length > 0 ? (['UNAUTHENTICATED'] as const) : []),
    ...(authorization.roles.length > 0 ? (['FORBIDDEN'] as const) : []),
    ...(policies.cors === 'gateway' ? (['ORIGIN_DENIED'] as const) : []),
    ...(!isRead && authorization.anyOf.includes('php-session') ? (['CSRF_FAILED'] as const) : []),
    ...(isRead ? [] : (['PAYLOAD_TOO_LARGE'] as const)),
    ...(input !== undefined && !isRead ? (['UNSUPPORTED_MEDIA_TYPE'] as const) : []),
    ...(input === undefined ? [] : (['VALIDATION_FAILED'] as const)),
    ...(rateLimit.length > 0 || concurrency.caller !== undefined ? (['RATE_LIMITED'] as const) : []),
    ...(concurrency.route !== undefined || signature !== undefined ? (['UPSTREAM_UNAVAILABLE'] as const) : []),
    ...(upstream !== undefined ? (['UPSTREAM_BAD_ANSWER', 'UPSTREAM_UNAVAILABLE', 'UPSTREAM_TIMEOUT'] as const) : []),
    'INTERNAL',
  ];
}

function unique(schemas: readonly JsonSchema[]): readonly JsonSchema[] {
  return [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
}
