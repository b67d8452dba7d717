import { describe, expect, it } from '@jest/globals';
import { loadRouteTable } from './load-route-table.js';
import { RouteTableError } from './route-file.js';

/** A good table whose lines a case replaces, so that the line of each fault is known. */
const LINES = [
  'upstreams:',
  '  php: { targets: [http://127.0.0.1:8080] }',
  'policies:',
  '  authorization: { public: {} }', // 4
  '',
  '',
  'routes:',
  '  a:', // 8
  '    match: { path: /a, methods: [GET] }', // 9
  '    upstream: php',
  '    policies: { authorization: public }', // 11
];

function table(changes: Readonly<Record<number, string>> = {}, more = ''): string {
  return `${LINES.map((line, index) => changes[index + 1] ?? line).join('\n')}\n${more}`;
}

const matching = (text: string): string => table({ 9: `    match: ${text}` });
const twin = (name: string, match: string, policies = 'authorization: public'): string =>
  `  ${name}:\n    match: ${match}\n    upstream: php\n    policies: { ${policies} }\n`;

function faultsOf(text: string): readonly string[] {
  try {
    loadRouteTable(text, { file: 'routes.yaml', phpTargets: [], handlers: new Set() });
  } catch (error) {
    if (!(error instanceof RouteTableError)) throw error;
    return error.faults.map(({ line, where, problem }) => `${line} ${where}: ${problem}`);
  }
  return [];
}

describe('routes that stand in each other’s way', () => {
  it.each<readonly [string, string, RegExp]>([
    [
      'a match that is taken',
      table({}, twin('b', '{ path: /a, methods: [GET, POST] }')),
      /^13 routes\.b\.match: matches GET \/a as route "a" does already$/,
    ],
    [
      'a match that is taken, in other letters',
      table({}, twin('b', '{ path: /A, methods: [GET] }')),
      /^13 routes\.b\.match: matches GET \/a/,
    ],
    [
      'a match that is taken, but for a slash',
      table({}, twin('b', '{ path: /a/, methods: [GET] }')),
      /^13 routes\.b\.match: matches GET \/a/,
    ],
    [
      'a prefix that is taken under another name',
      table(
        { 9: "    match: { path: '/a/{*path}', methods: [GET] }" },
        twin('b', "{ path: '/a/{*rest}', methods: [GET] }"),
      ),
      /^13 routes\.b\.match: matches GET /,
    ],
    [
      'HEAD beside GET',
      table({}, twin('b', '{ path: /a, methods: [HEAD] }')),
      /^13 routes\.b\.match: matches HEAD \/a/,
    ],
    [
      'an action that is taken',
      table({ 9: '    match: { path: /a, action: [x, y] }' }, twin('b', '{ path: /a, action: y }')),
      /^13 routes\.b\.match: matches \* \/a y/,
    ],
    [
      'a path that no request is resolved to',
      matching('{ path: /a//b/../c.php }'),
      /^9 routes\.a\.match\.path: no request is ever resolved to this path: write \/a\/c\.php$/,
    ],
    [
      'a path in percent-encoding',
      matching("{ path: '/%61/{*path}' }"),
      /^9 routes\.a\.match\.path: .*: write \/a\/\{\*path\}$/,
    ],
    [
      'a path that every request is refused',
      matching('{ path: /../a }'),
      /^9 routes\.a\.match\.path: no request is ever resolved to this path$/,
    ],
    [
      'siblings whose cors differs',
      table(
        { 9: '    match: { path: /a }' },
        twin('b', '{ path: /a, action: x }', 'authorization: public, cors: upstream'),
      ),
      /^15 routes\.b\.policies: must have the same cors as "a"/,
    ],
    [
      'siblings that no identity satisfies',
      table(
        {
          4: '  authorization: { public: {}, x: { roles: [x] }, y: { roles: [y] } }',
          9: '    match: { path: /a }',
          11: '    policies: { authorization: x }',
        },
        twin('b', '{ path: /a, action: x }', 'authorization: y'),
      ),
      /^15 routes\.b\.policies: nobody could pass/,
    ],
  ])('are refused, with the line: %s', (_name, text, expected) => {
    expect(faultsOf(text)).toEqual([expect.stringMatching(expected)]);
  });

  it('are told from those that method and action keep apart', () => {
    const more = ['{ path: /a, methods: [POST] }', '{ path: /a, methods: [POST], action: x }', '{ path: /a }'];
    expect(faultsOf(table({}, more.map((match, i) => twin(`b${i}`, match)).join('')))).toEqual([]);
  });
});
