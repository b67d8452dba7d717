import { ERROR_CATALOGUE, type ErrorCode, type JsonSchema } from '../contract/index.js';
import type { HeaderField, MediaType, Reference, Response } from './document.types.js';
import { filled, flag, object, recordOf, text, whole } from './schema-words.js';

const CODES = Object.keys(ERROR_CATALOGUE) as ErrorCode[];
/** Statuses with which a code comes beside its own. */
const ALSO: Readonly<Partial<Record<ErrorCode, readonly number[]>>> = {
  UPSTREAM_UNAVAILABLE: [502],
  BAD_REQUEST: [409, 426],
};
/** Statuses that no code has for its own: a conflict, and a WebSocket asked without an upgrade. */
export type OddStatus = 409 | 426;
/** Statuses that say when to come again. */
const COME_AGAIN = new Set([429, 502, 503, 504]);

const traceId: JsonSchema = { ...filled, description: 'Names this request in every log' };
/** The fields of the envelope (contract, section 1). */
export const ENVELOPE: Readonly<Record<string, JsonSchema>> = { success: flag, traceId };

export const SECURITY_SCHEMES = {
  bearerAuth: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token of `POST /api/auth/token`, or of the identity provider that the gateway trusts.',
  },
  sessionCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: 'DONNASESSID',
    description: 'The session of the PHP application. Writes need `X-CSRF-Token` and an allowed `Origin` besides.',
  },
} as const;

export const SHARED_HEADERS: Readonly<Record<string, HeaderField>> = {
  'X-Trace-Id': { description: 'The same as `traceId`', schema: text },
  'RateLimit-Policy': { description: 'The limits that were counted: `"name";q=limit;w=seconds`', schema: text },
  RateLimit: { description: 'Where the caller stands with each: `"name";r=left;t=seconds`', schema: text },
  'Retry-After': {
    description: 'Seconds after which another try is worth while',
    schema: { type: 'integer', minimum: 1 },
  },
};

/** The codes that come with a status. */
export function codesOf(status: number): readonly ErrorCode[] {
  return CODES.filter((code) => ERROR_CATALOGUE[code].status === status || ALSO[code]?.includes(status));
}

export function statusOf(error: ErrorCode | OddStatus): number {
  return typeof error === 'number' ? error : ERROR_CATALOGUE[error].status;
}

/** Statuses of all errors. */
const STATUSES = [...new Set([...CODES.map(statusOf), ...Object.values(ALSO).flat()])].toSorted((a, b) => a - b);

export function sharedSchemas(): Readonly<Record<string, JsonSchema>> {
  return {
    ...Object.fromEntries(STATUSES.map((status) => [`Error${status}`, errorSchema(status)])),
    Problem: {
      ...object(
        {
          type: text,
          title: { ...text, description: 'Short, and safe to show' },
          status: whole,
          success: { ...flag, const: false },
          traceId,
          errorCode: { type: 'string', enum: CODES },
          validationErrors: recordOf(text),
        },
        ['validationErrors'],
      ),
      description: 'RFC 9457, for who asks for it by `Accept`',
    },
  };
}

function errorSchema(status: number): JsonSchema {
  const fields = {
    success: { ...flag, const: false },
    traceId,
    error: { ...text, description: 'Short, and safe to show' },
    errorCode: { type: 'string', enum: codesOf(status) } as const,
  };
  return status === 422
    ? object({ ...fields, validationErrors: { ...recordOf(text), description: 'What is wrong, by field' } }, [
        'validationErrors',
      ])
    : object(fields);
}

export function sharedResponses(): Readonly<Record<string, Response>> {
  return Object.fromEntries(
    STATUSES.map((status) => {
      const problem: MediaType = { schema: { $ref: '#/components/schemas/Problem' } };
      const body: MediaType = { schema: { $ref: `#/components/schemas/Error${status}` } };
      const response: Response = {
        description: codesOf(status)
          .map((code) => `${code}: ${ERROR_CATALOGUE[code].error}`)
          .join(' — '),
        headers: headersOf(status),
        content: { 'application/json': body, 'application/problem+json': problem },
      };
      return [`Error${status}`, response];
    }),
  );
}

/** The header fields of an answer by its status. */
export function headersOf(status: number, isLimited = status === 429): Readonly<Record<string, Reference>> {
  const names = [
    'X-Trace-Id',
    ...(isLimited ? ['RateLimit-Policy', 'RateLimit'] : []),
    ...(COME_AGAIN.has(status) ? ['Retry-After'] : []),
  ];
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
