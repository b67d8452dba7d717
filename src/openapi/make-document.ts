import { isDeepStrictEqual } from 'node:util';
import { RouteMatcher, type RouteTable } from '../routing/index.js';
import type { Audience } from './audience.js';
import { describedSchemas } from './descriptions/index.js';
import type { Method, OpenApiDocument, Operation } from './document.types.js';
import { makeOperations } from './make-operation.js';
import type { NameSchema } from './make-request.js';
import { pruneComponents } from './prune-components.js';
import { SECURITY_SCHEMES, SHARED_HEADERS, sharedResponses, sharedSchemas } from './shared-components.js';
import { TAGS, type Tag } from './tags.js';

export interface DocumentOptions {
  readonly audience: Audience;
  readonly version: string;
  /** Where the paths begin, seen from the document: it may stand behind a proxy's prefix. */
  readonly server?: string;
}

const DESCRIPTION = `Everything goes through the gateway, whether the PHP application answers it or Node does; which of the two is no
difference to a client.

**Answers.** Every JSON object has \`success\` and \`traceId\`. An error has \`error\`, a short text that may be shown, and \`errorCode\`, by
which a program decides; 422 adds \`validationErrors\` by field. With \`Accept: application/problem+json\` errors come as RFC 9457.
Whatever the answer, the header \`X-Trace-Id\` names it: tell it when something went wrong.

**Who calls.** Mobile clients send \`Authorization: Bearer\` with a token of \`POST /api/auth/token\`. Pages of the application have its
session cookie; a write with it needs the proof \`X-CSRF-Token\` and an allowed \`Origin\`.

**How often.** \`RateLimit-Policy\` and \`RateLimit\` tell the limits and where the caller stands; 429 says in \`Retry-After\` when to come
again. 502, 503 and 504 are worth another try of a GET, after \`Retry-After\` or a pause that grows; a POST that failed so may have been
done.

**Actions.** Many paths choose their work by the field \`action\`: of the query with GET, of the body otherwise. A body is JSON; PHP's
forms (\`application/x-www-form-urlencoded\`) are taken as well.`;

/** A HEAD answers as its GET does. */
const EVERY_METHOD: readonly Method[] = ['get', 'post', 'put', 'patch', 'delete'];

/** The route table in effect, as OpenAPI. Pure: the same table makes the same document. */
export function makeDocument(table: RouteTable, { audience, version, server = '.' }: DocumentOptions): OpenApiDocument {
  const schemas = new Map(Object.entries({ ...sharedSchemas(), ...describedSchemas() }));
  const nameSchema: NameSchema = (name, schema) => {
    const known = schemas.get(name);
    if (known !== undefined && !isDeepStrictEqual(known, schema)) return nameSchema(`${name}2`, schema);
    schemas.set(name, schema);
    return { $ref: `#/components/schemas/${name}` };
  };
  const paths = pathsOf(table, audience, nameSchema);
  const used = new Set(Object.values(paths).flatMap((item) => Object.values(item).flatMap(({ tags }) => tags)));
  return pruneComponents({
    openapi: '3.1.1',
    info: { title: 'Donna Gateway', version, description: DESCRIPTION },
    servers: [{ url: server, description: 'This gateway' }],
    tags: (Object.keys(TAGS) as Tag[])
      .filter((name) => used.has(name))
      .map((name) => ({ name, description: TAGS[name] })),
    paths,
    components: {
      schemas: Object.fromEntries(schemas),
      responses: sharedResponses(),
      headers: SHARED_HEADERS,
      securitySchemes: SECURITY_SCHEMES,
    },
  });
}

function pathsOf(table: RouteTable, audience: Audience, nameSchema: NameSchema): OpenApiDocument['paths'] {
  const paths = new Map<string, Partial<Record<Method, Operation>>>();
  const ids = new Set<string>();
  const listed = new RouteMatcher(table).listed();
  for (const { path, method, group } of listed) {
    const methods = method === '*' ? EVERY_METHOD : method === 'HEAD' ? [] : [method.toLowerCase() as Method];
    for (const one of methods) {
      for (const placed of makeOperations(group, { path, method: one }, audience, nameSchema)) {
        const item = paths.get(placed.path) ?? {};
        // What names the path or the method comes before what takes any.
        if (item[one] !== undefined) continue;
        item[one] = withFreeId(placed.operation, ids);
        paths.set(placed.path, item);
      }
    }
  }
  return Object.fromEntries([...paths].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Two routes' names may become one id. */
function withFreeId(operation: Operation, ids: Set<string>): Operation {
  let { operationId } = operation;
  for (let n = 2; ids.has(operationId); n += 1) operationId = `${operation.operationId}.${n}`;
  ids.add(operationId);
  return { ...operation, operationId };
}
