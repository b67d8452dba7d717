import type { AnswerDescription, AreaDescription, RouteDescription } from '../route-description.js';
import {
  filled,
  flag,
  listOf,
  moment,
  number,
  object,
  oneOf,
  orNull,
  record,
  ref,
  text,
  whole,
} from '../schema-words.js';

const route = { route: { ...filled, description: 'The name of a route' } };
const byReason = { why: { summary: 'With a reason', fields: { reason: 'After the talk of Monday' } } } as const;
const stage = object({ stage: oneOf('proxy', 'mirror', 'canary', 'replaced'), weight: whole }, ['weight']);

function data(
  description: string,
  schema: AnswerDescription['fields'] = { data: record },
): RouteDescription['answers'] {
  return { 200: { description, fields: schema } };
}

function admin(
  summary: string,
  answers: RouteDescription['answers'],
  more: Partial<RouteDescription> = {},
): RouteDescription {
  return { tag: 'Administration', audience: 'admin', summary, answers, ...more };
}

/** The admin API: `src/admin/admin-api.ts` says each field. */
export const ADMINISTRATION: AreaDescription = {
  schemas: {
    Staging: stage,
    StagedRoute: object({
      route: filled,
      path: filled,
      methods: listOf(text),
      effective: ref('Staging'),
      inTable: ref('Staging'),
      override: orNull(record),
      possible: listOf(text),
    }),
  },
  routes: {
    'admin.session': admin(
      'Who is signed in, and at what',
      data('The session', { data: object({ subject: filled, via: oneOf('jwt', 'php-session'), gateway: record }) }),
    ),
    'admin.overview': admin(
      'Traffic, errors, latency and health of the last hour',
      data('The figures of this instance', {
        data: object({
          stepS: number,
          points: listOf(record),
          totals: object({ requests: whole, errors: whole, since: moment }),
          targets: listOf(record),
          checks: record,
          openRequests: whole,
          memoryBytes: whole,
        }),
      }),
    ),
    'admin.live': admin('The same, as it happens', {
      200: { description: 'Events: point, state, route, security, realtime', content: { 'text/event-stream': text } },
    }),
    'admin.routes': admin('The route table in effect, with rates', data('The routes', { data: listOf(record) })),
    'admin.realtime': admin(
      'Sockets, close codes and latency of live talk',
      data('The figures', {
        data: object({
          isSocketOn: flag,
          open: whole,
          sessions: listOf(record),
          closes: listOf(record),
          latency: record,
        }),
      }),
    ),
    'admin.security': admin(
      'Refusals and reports',
      data('The events', {
        data: object({
          since: moment,
          counts: record,
          points: listOf(record),
          recent: listOf(record),
          csp: listOf(record),
        }),
      }),
    ),
    'admin.traces': admin('Requests that are remembered', data('The latest first', { data: listOf(record) })),
    'admin.trace': admin(
      'The way of a request, step by step',
      data('Its requests', { data: object({ traceId: filled, requests: listOf(record) }) }),
      { places: { '{traceId}': { summary: 'The way of a request, step by step' } }, errors: ['NOT_FOUND'] },
    ),
    'admin.stages': admin(
      'The stages of all routes',
      data('The routes', { data: listOf(ref('StagedRoute')), areOverridesKnown: flag, idleOverrides: listOf(record) }),
    ),
    'admin.stage': admin('The stage of a route', data('The route', { data: ref('StagedRoute') }), {
      places: {
        '{route}': { summary: 'The stage of a route', parameters: route },
        '{route}/history': {
          summary: 'What has become of a route',
          parameters: route,
          answers: data('The last changes, latest first', { data: listOf(record) }),
        },
      },
      errors: ['NOT_FOUND', 'UPSTREAM_UNAVAILABLE'],
    }),
    'admin.stage.set': admin('Override the stage of a route', data('The route', { data: ref('StagedRoute') }), {
      description: 'At once here, within a second on other instances. `weight` goes with canary.',
      places: { '{route}': { summary: 'Override the stage of a route', parameters: route } },
      examples: {
        canary: {
          summary: 'A tenth of the callers',
          fields: { stage: 'canary', weight: 10, reason: 'A week without a difference' },
        },
      },
      errors: ['NOT_FOUND', 'UPSTREAM_UNAVAILABLE'],
    }),
    'admin.stage.clear': admin('Take an override back', data('The route', { data: ref('StagedRoute') }), {
      places: { '{route}': { summary: 'Take an override back', parameters: route } },
      fieldsIn: 'body',
      examples: byReason,
      errors: ['NOT_FOUND', 'UPSTREAM_UNAVAILABLE'],
    }),
    'admin.match': admin(
      'Which route a request meets',
      data('The route, or why there is none', { data: object({ kind: filled }) }),
      {
        query: {
          method: { ...filled, description: 'GET' },
          target: { ...filled, description: 'An address: /api/x.php?action=y' },
        },
        examples: {
          inbox: { summary: 'The inbox', fields: { method: 'GET', target: '/api/marketing.php?action=inbox' } },
        },
        errors: ['VALIDATION_FAILED'],
      },
    ),
    'admin.experiments': admin('The experiments of all routes', data('The routes', { data: listOf(record) })),
    'admin.experiment': admin('What an experiment has found', data('The report'), {
      places: { '{route}': { summary: 'What an experiment has found', parameters: route } },
      errors: ['NOT_FOUND', 'UPSTREAM_UNAVAILABLE'],
    }),
    'admin.experiment.ignore': admin('Accept a difference until a day', data('What is accepted now'), {
      places: { '{route}/ignores': { summary: 'Accept a difference until a day', parameters: route } },
      errors: ['NOT_FOUND', 'UPSTREAM_UNAVAILABLE'],
    }),
    'admin.experiment.unignore': admin('Accept a difference no more', data('What is accepted now'), {
      places: { '{route}/ignores': { summary: 'Accept a difference no more', parameters: route } },
      fieldsIn: 'body',
      errors: ['NOT_FOUND', 'UPSTREAM_UNAVAILABLE'],
    }),
    'admin.replication': admin('What PHP may not know yet', data('The outbox')),
    'admin.mail': admin('Mail that waits, and dead letters', data('The queue'), { errors: ['UPSTREAM_UNAVAILABLE'] }),
    'admin.mail.retry': admin('Try a dead letter again', data('The mail'), {
      places: { '{id}/retry': { summary: 'Try a dead letter again' } },
      examples: byReason,
      errors: ['NOT_FOUND', 'UPSTREAM_UNAVAILABLE'],
    }),
    'admin.mail.drop': admin('Drop a mail', data('The mail'), {
      places: { '{id}': { summary: 'Drop a mail' } },
      fieldsIn: 'body',
      examples: byReason,
      errors: ['NOT_FOUND', 'UPSTREAM_UNAVAILABLE'],
    }),
    'admin.retention': admin('How long what is kept, and the last clean-ups', data('The policy and the runs'), {
      errors: ['UPSTREAM_UNAVAILABLE'],
    }),
    'admin.retention.run': admin('Clean up now', data('The run'), {
      examples: { dry: { summary: 'Only count', fields: { dryRun: true } } },
      errors: [409, 'UPSTREAM_UNAVAILABLE'],
    }),
    'admin.person.export': admin("A person's data", data('What there is, or a part of it'), {
      examples: { all: { summary: 'What there is', fields: { subject: 'user_demo' } } },
      errors: ['UPSTREAM_UNAVAILABLE', 'UPSTREAM_BAD_ANSWER'],
    }),
    'admin.person.erase': admin("Erase a person's data", data('What was erased'), {
      examples: { dry: { summary: 'Only count', fields: { subject: 'user_nobody', dryRun: true } } },
      errors: ['UPSTREAM_UNAVAILABLE', 'UPSTREAM_BAD_ANSWER'],
    }),
    'admin.cache.purge': admin('Drop stored answers', data('What was dropped'), {
      description: 'All of them, or those of a route or a tag.',
      query: { route: filled, tag: filled },
      fieldsIn: 'query',
    }),
    'admin.recording': admin('Whether traffic is recorded', data('The recording', { data: {} })),
    'admin.recording.start': admin('Record fixtures', data('The recording'), {
      examples: {
        short: {
          summary: 'A minute of two routes',
          fields: { routes: ['conversations.list', 'settings.get'], seconds: 60 },
        },
      },
    }),
    'admin.recording.stop': admin('Record no more', data('The recording', { data: {} }), { fieldsIn: 'query' }),
    'admin.recording.part': admin('What was recorded', data('A part of it', { data: {} }), {
      places: {
        'fixtures/{from}': {
          summary: 'The fixtures from one on',
          parameters: { from: { type: 'integer', minimum: 0 } },
        },
        'routes/{route}': { summary: 'What a route’s recording is made by', parameters: route },
      },
      errors: ['NOT_FOUND'],
    }),
    'admin.migrations': admin('The collections that can be moved', data('The collections', { data: listOf(record) }), {
      errors: ['UPSTREAM_UNAVAILABLE'],
    }),
    'admin.migration': admin('The moves of a collection', data('The runs', { data: {} }), {
      places: {
        '{collection}': { summary: 'The moves of a collection' },
        '{collection}/{run}': { summary: 'One move of a collection' },
      },
      errors: ['NOT_FOUND', 'UPSTREAM_UNAVAILABLE'],
    }),
    'admin.migration.start': admin(
      'Move a collection',
      { 202: { description: 'The run', fields: { data: {} } } },
      {
        places: { '{collection}': { summary: 'Move a collection' } },
        errors: ['NOT_FOUND', 'UPSTREAM_UNAVAILABLE'],
      },
    ),
    'admin.migration.stop': admin('Stop a move', data('The run', { data: {} }), {
      places: { '{collection}': { summary: 'Stop a move' } },
      fieldsIn: 'query',
      errors: ['NOT_FOUND', 'UPSTREAM_UNAVAILABLE'],
    }),
    admin: {
      tag: 'Pages',
      summary: 'The dashboard',
      audience: 'admin',
      places: { '': { summary: 'The dashboard' } },
      answers: { 200: { description: 'HTML', content: { 'text/html': text } } },
      errors: ['NOT_FOUND'],
    },
  },
};
