import type { AreaDescription } from '../route-description.js';
import { filled, flag, object, oneOf, record, text, unixSeconds } from '../schema-words.js';

const check = oneOf('up', 'down', 'off');
const now = { now: { summary: 'Now', fields: {} } } as const;

/** The gateway's own: health, figures, reports, documentation. */
export const SYSTEM: AreaDescription = {
  routes: {
    health: {
      tag: 'System',
      summary: 'How the gateway is',
      description: 'Starts nothing by being asked.',
      examples: now,
      answers: {
        200: {
          description: 'How it is',
          fields: {
            status: oneOf('healthy', 'degraded'),
            version: filled,
            checks: object({ php: check, database: check, redis: check, realtime: check }),
          },
        },
      },
    },
    'health.live': {
      tag: 'System',
      summary: 'Whether the process runs',
      examples: now,
      answers: { 200: { description: 'It does', fields: { status: oneOf('live') } } },
    },
    'health.ready': {
      tag: 'System',
      summary: 'Whether the gateway takes traffic',
      examples: now,
      answers: { 200: { description: 'It does', fields: { status: oneOf('ready') } } },
      errors: ['UPSTREAM_UNAVAILABLE'],
    },
    metrics: {
      tag: 'System',
      summary: 'Figures for Prometheus',
      description: 'For the addresses of METRICS_ALLOW; to others there is nothing.',
      audience: 'admin',
      answers: { 200: { description: 'The text format of Prometheus', content: { 'text/plain': text } } },
      errors: ['NOT_FOUND'],
    },
    'csp-report': {
      tag: 'System',
      summary: 'Report a breach of the content security policy',
      description: 'For browsers, in both formats.',
      audience: 'admin',
      body: { 'application/csp-report': record, 'application/reports+json': { type: 'array', items: record } },
      answers: { 204: { description: 'Taken' } },
      errors: ['VALIDATION_FAILED', 'UNSUPPORTED_MEDIA_TYPE'],
    },
    docs: {
      tag: 'Pages',
      summary: 'This documentation as a page',
      places: { '': { summary: 'This documentation as a page' } },
      answers: { 200: { description: 'HTML', content: { 'text/html': text } } },
    },
    'docs.openapi': {
      tag: 'System',
      summary: 'This documentation as OpenAPI 3.1',
      description: 'Administrators read of their own routes and of stages besides. Has an ETag.',
      headers: { 'If-None-Match': text },
      answers: {
        200: { description: 'The document', content: { 'application/json': record } },
        304: { description: 'It has not changed' },
      },
      errors: ['UNAUTHENTICATED'],
    },
    internal: { tag: 'System', summary: 'Internal', audience: 'nobody', answers: {} },
    'mail.send': { tag: 'System', summary: "The application's mail", audience: 'nobody', answers: {} },
  },
};

export const PHP_HEALTH: AreaDescription = {
  path: '/api/health.php',
  routes: {
    'health.php': {
      tag: 'System',
      summary: 'How the PHP application is',
      examples: now,
      answers: {
        200: {
          description: 'It answers',
          fields: { ok: { ...flag, const: true }, service: oneOf('donna-api'), version: filled, time: unixSeconds },
        },
      },
    },
  },
};
