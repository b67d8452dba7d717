import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import '../app.module.js';
import { inputDtoNames } from '../contract/index.js';
import { loadRouteTable } from './load-route-table.js';
import { nativeHandlerNames } from './native-handler.js';
import type { RouteTable } from './route.js';
import { RouteTableError } from './route-file.js';

const HANDLERS = nativeHandlerNames();
const PHP = ['http://127.0.0.1:8080'];

function load(text: string, phpTargets: readonly string[] = PHP): RouteTable {
  return loadRouteTable(text, { file: 'routes.yaml', phpTargets, handlers: HANDLERS, dtos: inputDtoNames() });
}

function faultsOf(text: string, phpTargets?: readonly string[]): readonly string[] {
  try {
    load(text, phpTargets);
  } catch (error) {
    if (!(error instanceof RouteTableError)) throw error;
    return error.faults.map(({ line, where, problem }) => `${line} ${where}: ${problem}`);
  }
  return [];
}

/** A good table whose lines a case replaces, so that the line of each fault is known. */
const LINES = [
  'upstreams:', //                                             1
  "  php: { targets: ['${REMOTE_PHP_BASE}'] }", //             2
  'policies:', //                                              3
  '  authorization: { public: {}, user: { anyOf: [jwt] } }', //4
  '  rateLimit:', //                                           5
  '    few: { limit: 1, windowS: 60, per: ip }', //            6
  'routes:', //                                                7
  '  a:', //                                                   8
  '    match: { path: /a, methods: [GET] }', //                9
  '    upstream: php', //                                     10
  '    policies: { authorization: public, rateLimit: [few] }', // 11
];

function table(changes: Readonly<Record<number, string>> = {}, more = ''): string {
  return `${LINES.map((line, index) => changes[index + 1] ?? line).join('\n')}\n${more}`;
}

const policy = (text: string): string => table({ 11: `    policies: { ${text} }` });
const matching = (text: string): string => table({ 9: `    match: ${text}` });
const twin = (name: string, match: string, policies = 'authorization: public'): string =>
  `  ${name}:\n    match: ${match}\n    upstream: php\n    policies: { ${policies} }\n`;

describe('loadRouteTable', () => {
  it('takes the table that the cases below spoil', () => {
    expect(faultsOf(table())).toEqual([]);
  });

  it.each<readonly [string, string, RegExp]>([
    ['an unknown field of a route', table({ 10: '    upsteam: php' }), /^10 routes\.a: "upsteam" is not known here$/],
    [
      'an unknown policy field',
      policy('authorization: public, timeout: 5'),
      /^11 routes\.a\.policies: "timeout" is not known here$/,
    ],
    [
      'a value that is none of the choices',
      policy('authorization: public, cors: maybe'),
      /^11 routes\.a\.policies\.cors: must be one of gateway, upstream$/,
    ],
    [
      'a value of another type',
      policy('authorization: public, timeoutMs: soon'),
      /^11 routes\.a\.policies\.timeoutMs: must be integer$/,
    ],
    [
      'a timeout of nothing',
      policy('authorization: public, timeoutMs: 0'),
      /^11 routes\.a\.policies\.timeoutMs: must be >= 1$/,
    ],
    ['a route without a match', table({ 9: '    stage: proxy' }), /^8 routes\.a: must have required property 'match'$/],
    ['a path without a slash', matching('{ path: a }'), /^9 routes\.a\.match\.path: must match pattern/],
    [
      'an unknown method',
      matching('{ path: /a, methods: [FETCH] }'),
      /^9 routes\.a\.match\.methods\.0: must be one of GET/,
    ],
    [
      'an unknown upstream',
      table({ 10: '    upstream: perl' }),
      /^10 routes\.a\.upstream: there is no upstream "perl"; known: php$/,
    ],
    [
      'an unknown handler',
      table({ 10: '    handler: nothing' }),
      /^10 routes\.a\.handler: there is no native handler "nothing"; known: .*\bhealth, /,
    ],
    ['neither upstream nor handler', table({ 10: '' }), /^8 routes\.a: needs an upstream, a handler or both$/],
    [
      'a stage without its handler',
      table({ 10: '    upstream: php\n    stage: replaced' }),
      /^11 routes\.a\.stage: replaced needs a handler$/,
    ],
    [
      'a mirror without a handler',
      table({ 10: '    upstream: php\n    stage: mirror' }),
      /^11 routes\.a\.stage: mirror needs a handler$/,
    ],
    [
      'a canary without an upstream',
      table({ 10: '    handler: health\n    stage: canary\n    weight: 5' }),
      /^11 routes\.a\.stage: canary needs an upstream$/,
    ],
    [
      'a canary without a weight',
      table({ 10: '    upstream: php\n    handler: health\n    stage: canary' }),
      /^12 routes\.a\.stage: canary needs a weight, 0 to 100$/,
    ],
    [
      'a weight above a hundred',
      table({ 10: '    upstream: php\n    handler: health\n    weight: 101' }),
      /^12 routes\.a\.weight: must be <= 100$/,
    ],
    [
      'a stage without its upstream',
      table({ 10: '    handler: health\n    stage: proxy' }),
      /^11 routes\.a\.stage: proxy needs an upstream$/,
    ],
    [
      'an unknown authorization',
      policy('authorization: publik'),
      /^11 routes\.a\.policies\.authorization: there is no authorization policy "publik"$/,
    ],
    [
      'an unknown rate limit',
      policy('authorization: public, rateLimit: [many]'),
      /^11 routes\.a\.policies\.rateLimit: there is no rate limit policy "many"$/,
    ],
    [
      'an unknown signature policy',
      policy('authorization: public, signature: fax'),
      /^11 routes\.a\.policies\.signature: there is no signature policy "fax"$/,
    ],
    [
      'a signature where upgrades pass, which have no body to sign',
      policy('authorization: public, signature: signed, upgrade: true').replace(
        'policies:\n',
        'policies:\n  signature: { signed: { key: telnyx } }\n',
      ),
      /^12 routes\.a\.policies\.signature: cannot be verified on a route with `upgrade: true`/,
    ],
    [
      'no authorization at all',
      policy('rateLimit: [few]'),
      /^8 routes\.a: names no authorization policy: nobody could call it$/,
    ],
    ['no policies at all', table({ 11: '' }), /^8 routes\.a: names no authorization policy/],
    [
      'a limit per field without the field',
      table({ 6: '    few: { limit: 3, windowS: 60, per: field }' }),
      /^6 policies\.rateLimit\.few: `per: field` needs the name of the field/,
    ],
    [
      'a field that says nothing of whom a limit counts',
      table({ 6: '    few: { limit: 3, windowS: 60, per: identity, field: email }' }),
      /^6 policies\.rateLimit\.few: `field` goes with `per: field` or `per: ip`/,
    ],
    [
      'roles that nothing can prove',
      table({ 4: '  authorization: { public: {}, user: { anyOf: [], roles: [x] } }' }),
      /^4 policies\.authorization\.user\.anyOf: names no way to prove the roles/,
    ],
    [
      'an address that is none',
      table({ 2: "  php: { targets: ['http://'] }" }),
      /^2 upstreams\.php\.targets: "http:\/\/" must be an address/,
    ],
    [
      'an address with a password',
      table({ 2: "  php: { targets: ['http://:secret@a'] }" }),
      /^2 upstreams\.php\.targets: .* must be an address/,
    ],
    [
      'an address with a query',
      table({ 2: "  php: { targets: ['http://a/?b'] }" }),
      /^2 upstreams\.php\.targets: .* must be an address/,
    ],
    [
      'an upstream without targets',
      table({ 2: '  php: { host: auto }' }),
      /^2 upstreams\.php: must have required property 'targets'$/,
    ],
    ['two names alike', table({}, twin('a', '{ path: /b }')), /^12 YAML: Map keys must be unique$/],
    ['broken YAML', table({ 11: '    policies: { authorization: public' }), /^1[12] YAML: /],
    ['an alias without its anchor', matching('*nowhere'), /^\d+ YAML: .*nowhere/],
    ['two documents', `${table()}---\nroutes: {}\n`, /^12 YAML: /],
    ['nothing', '', /^1 the table: must be object$/],
    ['a list', '- a\n', /^1 the table: must be object$/],
    ['no routes', 'policies: {}\n', /^1 the table: must have required property 'routes'$/],
  ])('refuses %s and says in which line', (_name, text, expected) => {
    const faults = faultsOf(text);
    expect(faults).toEqual([expect.stringMatching(expected)]);
  });

  it('asks for REMOTE_PHP_BASE where the table needs it', () => {
    expect(faultsOf(table(), [])).toEqual([
      expect.stringMatching(/^2 upstreams\.php\.targets: names no address: set REMOTE_PHP_BASE/),
    ]);
  });

  it('tells every fault at once, in the order of the lines', () => {
    const faults = faultsOf(
      table({
        2: "  php: { targets: ['http://a/?b'] }",
        10: '    upstream: perl',
        11: '    policies: { authorization: publik, rateLimit: [many] }',
      }),
    );
    expect(faults.map((fault) => Number.parseInt(fault, 10))).toEqual([2, 10, 11, 11]);
    const shape = faultsOf(
      table({ 6: '    few: { limit: 0, windowS: 60, per: ip }', 10: '    upsteam: php', 9: '    match: { path: a }' }),
    );
    expect(shape.map((fault) => Number.parseInt(fault, 10))).toEqual([6, 9, 10]);
  });

  it('names the file and its faults in one message', () => {
    expect(() => load(table({ 10: '    upstream: perl' }))).toThrow(
      /^routes\.yaml has 1 fault:\n {2}line 10: routes\.a\.upstream: there is no upstream "perl"/,
    );
  });

  it('is not blown up by aliases that multiply', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'
        .split('')
        .map(
          (name, i) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[i] ?? ''}`).join(',')}]`,
        ),
    ].join('\n');
    expect(faultsOf(bomb)).toEqual([expect.stringMatching(/^1 YAML: /)]);
  });

  it('fills in what a route leaves out', () => {
    const { upstreams, routes } = load(policy('authorization: public'));
    expect(upstreams.get('php')).toEqual({
      name: 'php',
      targets: PHP,
      health: { path: undefined, intervalMs: 5000 },
      connectTimeoutMs: 2000,
      host: 'auto',
      identity: false,
      session: undefined,
      documents: undefined,
      breaker: { threshold: 0.5, windowMs: 10_000, openMs: 1000 },
      connections: 256,
    });
    expect(routes).toEqual([
      {
        name: 'a',
        match: { path: '/a', methods: ['GET', 'HEAD'], actions: undefined },
        upstream: 'php',
        handler: undefined,
        stage: 'proxy',
        weight: 0,
        experiment: expect.objectContaining({ sample: 1, timeoutMs: 5000, ignore: [], keyed: {} }),
        policies: expect.objectContaining({
          authorization: expect.objectContaining({ name: 'public', anyOf: [], roles: [] }),
          rateLimit: [],
          timeoutMs: 30_000,
          idleTimeoutMs: 60_000,
          maxBodyBytes: 1_048_576,
          maxAnswerBytes: 16_777_216,
          cors: 'gateway',
          securityHeaders: 'gateway',
          envelope: 'splice',
          answers: 'any',
          tolerate: 'nothing',
          upgrade: false,
        }),
      },
    ]);
  });

  it('gives a route its own policies before the defaults', () => {
    const { routes } = load(
      `defaults: { authorization: user, timeoutMs: 7, rateLimit: [few] }\n${policy('timeoutMs: 8, rateLimit: []')}`,
    );
    expect(routes[0]?.policies).toMatchObject({ authorization: { name: 'user' }, timeoutMs: 8, rateLimit: [] });
  });

  it('tells a fault of the defaults once, where it stands, however many routes have it', () => {
    const twins = twin('b', '{ path: /b }') + twin('c', '{ path: /c }');
    const text = `defaults: { rateLimit: [fwe] }\n${table({ 11: '    policies: { authorization: public }' }, twins)}`;
    expect(faultsOf(text)).toEqual(['1 defaults.rateLimit: there is no rate limit policy "fwe"']);
  });

  it('puts all addresses in place of REMOTE_PHP_BASE, beside those of the table', () => {
    const text = table({ 2: "  php: { targets: ['${REMOTE_PHP_BASE}', 'https://old.example/app'] }" });
    expect(load(text, ['http://a:1', 'http://b:2/x']).upstreams.get('php')?.targets).toEqual([
      'http://a:1',
      'http://b:2/x',
      'https://old.example/app',
    ]);
  });

  it('takes roles without a way of proof as: any proof', () => {
    const { routes } = load(table({ 4: '  authorization: { public: { roles: [admin] } }' }));
    expect(routes[0]?.policies.authorization).toMatchObject({ anyOf: ['jwt', 'php-session'], roles: ['admin'] });
  });

  it.each(['routes.yaml', 'routes.pass-through.yaml'])('takes the shipped %s', (file) => {
    const { routes } = load(readFileSync(join(import.meta.dirname, '../..', file), 'utf8'));
    expect(routes.length).toBeGreaterThan(3);
    expect(routes.at(-1)).toMatchObject({ name: 'legacy.catch-all', stage: 'proxy' });
  });
});
