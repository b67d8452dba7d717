import { STAGES } from './stage.js';

const name = { type: 'string', pattern: '^[a-z][a-z0-9.-]*$', maxLength: 80 };
const milliseconds = { type: 'integer', minimum: 0, maximum: 86_400_000 };
const bytes = { type: 'integer', minimum: 0, maximum: 64 * 1024 ** 3 };
const share = { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 };
const named = (value: object): object => ({ type: 'object', propertyNames: name, additionalProperties: value });
const closed = (properties: object, required: readonly string[] = []): object => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
});

const tags = {
  type: 'array',
  uniqueItems: true,
  maxItems: 20,
  items: { type: 'string', pattern: '^(\\*|[a-z][a-z0-9.:-]*(\\{subject\\})?)$', maxLength: 80 },
};
const seconds = { type: 'integer', minimum: 0, maximum: 86_400 };
const cache = {
  ...closed(
    {
      ttlS: { ...seconds, minimum: 1, description: 'Seconds for which an answer is fresh.' },
      vary: {
        enum: ['identity', 'public'],
        description: 'identity: each caller has answers of his own; public: all callers have the same.',
      },
      cacheControl: {
        enum: ['honour', 'override'],
        description:
          'Whether the application’s Cache-Control, Expires and Pragma decide too (honour), or this policy alone.',
      },
      staleWhileRevalidateS: {
        ...seconds,
        description: 'Seconds more in which it is served while it is fetched anew.',
      },
      staleIfErrorS: { ...seconds, description: 'Seconds more in which it stands in for a failure.' },
      negativeTtlS: { ...seconds, maximum: 300, description: 'Seconds for which a 404 or 410 is kept.' },
      tags: { ...tags, description: 'What writes void it by (`invalidates`); {subject} stands for who calls.' },
      key: closed({
        headers: {
          type: 'array',
          uniqueItems: true,
          maxItems: 20,
          items: { type: 'string', pattern: '^[a-z][a-z0-9-]*$', maxLength: 80 },
          description: 'Request fields, lower case, that the application may see and answer by.',
        },
        body: {
          type: 'array',
          minItems: 1,
          uniqueItems: true,
          maxItems: 50,
          items: { type: 'string', minLength: 1, maxLength: 80 },
          description: 'A POST whose JSON body has these fields and no others is answered from the cache.',
        },
      }),
    },
    ['ttlS', 'vary'],
  ),
  description: 'Which answers are kept, how long and for whom. Without it nothing is.',
};

const policies = closed({
  authorization: { ...name, description: 'Name of a policy under policies.authorization. Without it nobody gets in.' },
  rateLimit: { type: 'array', items: name, description: 'Names of policies under policies.rateLimit, in order.' },
  concurrency: closed({
    route: { type: 'integer', minimum: 1 },
    caller: { type: 'integer', minimum: 1 },
    upstream: {
      type: 'integer',
      minimum: 1,
      description:
        'Calls of the route that its upstream is given at once; more wait, 5 s at most. Left out: half of its connections.',
    },
  }),
  signature: { ...name, description: 'Name of a policy under policies.signature.' },
  input: { ...name, description: 'Name of the DTO that the fields of a request must satisfy.' },
  unknownFields: { enum: ['allow', 'refuse'] },
  secretScan: { enum: ['all', 'own', 'off'] },
  timeoutMs: { ...milliseconds, minimum: 1 },
  idleTimeoutMs: milliseconds,
  maxBodyBytes: bytes,
  bodyIdleTimeoutMs: { ...milliseconds, minimum: 1 },
  maxAnswerBytes: bytes,
  cors: { enum: ['gateway', 'upstream'] },
  securityHeaders: { enum: ['gateway', 'upstream'] },
  envelope: { enum: ['splice', 'wrap', 'off'] },
  answers: { enum: ['json', 'any'] },
  tolerate: { enum: ['nothing', 'first-document'] },
  errorWhen: closed(
    { pointer: { type: 'string', pattern: '^/' }, equals: { type: ['string', 'number', 'boolean', 'null'] } },
    ['pointer', 'equals'],
  ),
  upgrade: { type: 'boolean' },
  endsSession: { type: 'boolean' },
  cache,
  invalidates: {
    ...tags,
    description: 'Tags of stored answers that a request which changes something voids; `*` for everything.',
  },
});

const experiment = {
  ...closed({
    sample: { type: 'number', minimum: 0, maximum: 1, description: 'Share of requests that are mirrored.' },
    timeoutMs: { ...milliseconds, minimum: 1 },
    ignore: {
      type: 'array',
      maxItems: 200,
      items: closed(
        {
          pointer: {
            type: 'string',
            pattern: '^(/.|header:.)',
            description: 'JSON pointer, `*` for any key; or header:name.',
          },
          reason: { type: 'string', minLength: 3 },
          until: {
            type: 'string',
            pattern: '^\\d{4}-\\d{2}-\\d{2}$',
            description: 'The first day on which it counts again.',
          },
        },
        ['pointer', 'reason', 'until'],
      ),
    },
    keyed: {
      type: 'object',
      maxProperties: 200,
      propertyNames: { type: 'string', pattern: '^(/.*)?$' },
      additionalProperties: { type: 'string', minLength: 1 },
    },
    promote: {
      enum: ['manual', 'auto'],
      description: 'Who promotes a handler that is good enough: a person, or the gateway.',
    },
    rollBack: { enum: ['auto', 'manual'], description: 'Who rolls a bad canary back.' },
    steps: {
      type: 'array',
      minItems: 1,
      maxItems: 20,
      items: { type: 'integer', minimum: 1, maximum: 100 },
      description: 'With `promote: auto`: weights of the canary, ascending; after the last one the route is replaced.',
    },
    expects: {
      ...closed({
        statuses: {
          type: 'array',
          maxItems: 50,
          items: {
            anyOf: [
              { type: 'integer', minimum: 100, maximum: 599 },
              { type: 'string', pattern: '^[1-5]xx$' },
            ],
          },
        },
        actions: { type: 'array', maxItems: 200, items: { type: 'string', minLength: 1 } },
      }),
      description:
        'What must have been met before a promotion; by default a 2xx and every action that the route names.',
    },
    minSamples: { type: 'integer', minimum: 1, description: 'Comparisons before the handler leaves mirror.' },
    minServed: { type: 'integer', minimum: 1, description: 'Requests served before it leaves a step of canary.' },
    maxMismatchRate: { ...share, description: 'Share of answers that may differ.' },
    maxErrorIncrease: { ...share, description: 'By how much its share of errors may exceed that of PHP.' },
    latency: closed({ ratio: { type: 'number', minimum: 1 }, slackMs: milliseconds }),
    confidence: { type: 'number', minimum: 0.5, exclusiveMaximum: 1 },
    alpha: { ...share, description: 'Chance that a good canary is ever rolled back.' },
  }),
  description: 'How the handler is asked beside PHP, compared, promoted and rolled back.',
};

/** The route table as JSON Schema: what the loader validates by, and what editors complete by (`routes.schema.json`). */
export const ROUTE_TABLE_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Donna Gateway route table',
  ...closed(
    {
      upstreams: named(
        closed(
          {
            targets: {
              type: 'array',
              minItems: 1,
              items: { type: 'string', pattern: '^(https?://|\\$\\{REMOTE_PHP_BASE\\}$)' },
            },
            health: closed({ path: { type: 'string', pattern: '^/' }, intervalMs: { ...milliseconds, minimum: 100 } }),
            connectTimeoutMs: { ...milliseconds, minimum: 10 },
            host: { enum: ['public', 'target', 'auto'] },
            identity: { type: 'boolean' },
            session: closed(
              {
                cookie: { type: 'string', minLength: 1 },
                path: { type: 'string', pattern: '^/' },
                login: {
                  type: 'string',
                  pattern: '^/',
                  description: 'Tells who an e-mail address and a password belong to, for POST /api/auth/token.',
                },
              },
              ['cookie', 'path'],
            ),
            documents: {
              type: 'string',
              pattern: '^/',
              description:
                "PHP's bridge to its owners' documents, e.g. /api/internal/documents.php: both sides see each other's writes.",
            },
            breaker: closed({
              threshold: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
              windowMs: { ...milliseconds, minimum: 1000 },
              openMs: { ...milliseconds, minimum: 50 },
            }),
            connections: {
              type: 'integer',
              minimum: 1,
              maximum: 4096,
              description:
                'Calls under way at once, per target: 256 when left out. At most what PHP works on at once (pm.max_children), so that no route can fill it.',
            },
          },
          ['targets'],
        ),
      ),
      policies: closed({
        authorization: named(
          closed({
            anyOf: { type: 'array', items: { enum: ['jwt', 'php-session'] }, uniqueItems: true },
            roles: { type: 'array', items: { type: 'string', minLength: 1 }, uniqueItems: true },
            optional: { type: 'boolean' },
          }),
        ),
        rateLimit: named(
          closed(
            {
              limit: { type: 'integer', minimum: 1 },
              windowS: { type: 'integer', minimum: 1, maximum: 86_400 },
              per: { enum: ['ip', 'identity', 'field'] },
              field: {
                type: 'string',
                pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
                description: 'With `per: field`; with `per: ip`, what a request has to name to be counted.',
              },
              counts: { enum: ['policy', 'route'] },
            },
            ['limit', 'windowS', 'per'],
          ),
        ),
        signature: named(
          closed({ key: { enum: ['telnyx'] }, windowS: { type: 'integer', minimum: 1, maximum: 3600 } }, ['key']),
        ),
      }),
      defaults: { ...policies, description: 'Policies that every route has unless it names its own.' },
      routes: named(
        closed(
          {
            match: closed(
              {
                path: { type: 'string', pattern: '^/([^{}?#]*|[^{}?#]*\\{\\*[a-z]+\\})$' },
                methods: {
                  type: 'array',
                  minItems: 1,
                  uniqueItems: true,
                  items: { enum: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] },
                },
                action: {
                  description: "PHP's `action` parameter: one value or several.",
                  anyOf: [
                    { type: 'string', minLength: 1 },
                    { type: 'array', minItems: 1, uniqueItems: true, items: { type: 'string', minLength: 1 } },
                  ],
                },
              },
              ['path'],
            ),
            upstream: name,
            handler: { ...name, description: 'Native handler; without an upstream the route is the gateway’s own.' },
            stage: {
              enum: STAGES,
              description:
                'Who answers: PHP (proxy, mirror), the handler for some callers (canary), the handler (replaced).',
            },
            weight: {
              type: 'integer',
              minimum: 0,
              maximum: 100,
              description: 'With `stage: canary`: how many callers of 100 the handler answers.',
            },
            experiment,
            policies,
          },
          ['match'],
        ),
      ),
    },
    ['policies', 'routes'],
  ),
} as const;
