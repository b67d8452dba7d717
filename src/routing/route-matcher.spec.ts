import { describe, expect, it } from '@jest/globals';
import { loadRouteTable } from './load-route-table.js';
import { resolvePath } from './path/index.js';
import { type RouteGroup, RouteMatcher, type RouteMatchResult } from './route-matcher.js';

const HEAD = `
upstreams:
  php: { targets: ['http://127.0.0.1:8080'] }
policies:
  authorization:
    public: {}
    known: { anyOf: [jwt], optional: true }
    user: { anyOf: [jwt, php-session] }
    token: { anyOf: [jwt] }
    admin: { anyOf: [jwt, php-session], roles: [admin] }
    staff: { anyOf: [jwt, php-session], roles: [admin, editor] }
defaults: { authorization: public }
routes:
`;

function matcherOf(routes: string): RouteMatcher {
  return new RouteMatcher(loadRouteTable(HEAD + routes, { file: 'test', phpTargets: [], handlers: new Set() }));
}

function match(matcher: RouteMatcher, method: string, target: string): RouteMatchResult {
  const path = resolvePath(target);
  if (path.kind === 'refused') throw new Error(path.reason);
  return matcher.match(method, path);
}

function groupOf(matcher: RouteMatcher, method: string, target: string): RouteGroup {
  const result = match(matcher, method, target);
  if (result.kind !== 'group') throw new Error(`${target} has no route for ${method}`);
  return result.group;
}

describe('RouteMatcher', () => {
  const matcher = matcherOf(`
  exact: { match: { path: /api/health.php, methods: [GET] }, upstream: php }
  slashed: { match: { path: /folder/ }, upstream: php }
  deep: { match: { path: '/api/deep/{*path}' }, upstream: php }
  api: { match: { path: '/api/{*path}' }, upstream: php }
  deep.exact: { match: { path: /api/deep/exact }, upstream: php }
  scripted: { match: { path: /api/deep/run.php }, upstream: php }
  behind: { match: { path: /api/deep/run.php/behind }, upstream: php }
  infos: { match: { path: '/doku.php/{*path}' }, upstream: php }
  accents: { match: { path: /café }, upstream: php }
  rest: { match: { path: '/{*path}' }, upstream: php }
`);

  it.each([
    ['an exact path before a prefix', '/api/health.php', 'exact'],
    ['an exact path before a longer prefix of its own', '/api/deep/exact', 'deep.exact'],
    ['the longest prefix', '/api/deep/other', 'deep'],
    ['a shorter prefix where the longer one does not hold', '/api/deeper', 'api'],
    ['a prefix without what follows it', '/api/deep', 'deep'],
    ['a prefix with nothing behind its slash', '/api/deep/', 'deep'],
    ['the catch-all', '/', 'rest'],
    ['the catch-all for whatever else', '/other/thing', 'rest'],
    ['no prefix within a word', '/apis', 'rest'],
    ['letters of any case', '/API/Health.PHP', 'exact'],
    ['a trailing slash', '/api/deep/exact/', 'deep.exact'],
    ['a route that has a slash, without it', '/folder', 'slashed'],
    ['a script with PATH_INFO', '/api/health.php/x/y', 'exact'],
    ['a script with PATH_INFO, within a prefix', '/api/deep/run.php/x', 'scripted'],
    ['a script before what is named behind it', '/api/deep/run.php/behind', 'scripted'],
    ['a prefix of a script', '/doku.php/wiki/start', 'infos'],
    ['a script that is a prefix, alone', '/doku.php', 'infos'],
    ['percent-encoding', '/%61pi/%68ealth%2ephp', 'exact'],
    ['doubled slashes and dot segments', '//api/./x/..//health.php', 'exact'],
    ['what a query holds for a query', '/api/health.php?/api/deep', 'exact'],
    ['letters beyond ASCII', '/caf%C3%A9', 'accents'],
  ])('finds %s', (_name, target, expected) => {
    expect(groupOf(matcher, 'GET', target).gate.name).toBe(expected);
  });

  it.each([
    ['/admin/', 'admin.index'],
    ['/admin', 'admin.index'],
    ['/ADMIN//', 'admin.index'],
    ['/admin/index.php', 'admin.index'],
    ['/admin/index.php/any', 'admin.index'],
    ['/admin/other', 'rest'],
    ['/index.php', 'home'],
    ['/', 'home'],
    ['/index.php/orders', 'orders'],
    ['/index.php/orders/7', 'rest'],
    ['/index.php/reports/7', 'reports'],
    ['/app/index.php/orders', 'app.orders'],
    ['/app/index.php', 'rest'],
  ])('takes a folder for its index and a front controller for its folder: %s is %s', (target, name) => {
    const indexed = matcherOf(`
  home: { match: { path: / }, upstream: php }
  admin.index: { match: { path: /admin/index.php }, upstream: php }
  orders: { match: { path: /orders }, upstream: php }
  reports: { match: { path: '/reports/{*path}' }, upstream: php }
  app.orders: { match: { path: /app/orders }, upstream: php }
  rest: { match: { path: '/{*path}' }, upstream: php }
`);
    expect(groupOf(indexed, 'GET', target).gate.name).toBe(name);
  });

  it('finds nothing where nothing matches', () => {
    expect(match(matcherOf(`  a: { match: { path: /a }, upstream: php }`), 'GET', '/b')).toEqual({ kind: 'none' });
  });

  describe('by method', () => {
    const methods = matcherOf(`
  any: { match: { path: /a }, upstream: php }
  read: { match: { path: /a, methods: [GET] }, upstream: php }
  write: { match: { path: /b/, methods: [POST, PUT] }, upstream: php }
  drop: { match: { path: /B, methods: [DELETE] }, upstream: php }
  rest: { match: { path: '/{*path}' }, upstream: php }
`);

    it.each([
      ['GET', '/a', 'read'],
      ['HEAD', '/a', 'read'],
      ['POST', '/a', 'any'],
      ['PROPFIND', '/a', 'any'],
      ['POST', '/b', 'write'],
      ['DELETE', '/b/', 'drop'],
    ])('finds %s %s: the route that names the method before one that takes any', (method, target, expected) => {
      expect(groupOf(methods, method, target).gate.name).toBe(expected);
    });

    it('says which methods there are, of all routes of the path; no catch-all takes the rest', () => {
      const result = match(methods, 'GET', '/b');
      expect(result).toMatchObject({ kind: 'method-not-allowed', allow: 'POST, PUT, DELETE, OPTIONS' });
    });

    it('does not name OPTIONS twice', () => {
      const own = matcherOf(`  a: { match: { path: /a, methods: [GET, OPTIONS] }, upstream: php }`);
      expect(match(own, 'POST', '/a')).toMatchObject({ allow: 'GET, OPTIONS, HEAD' });
    });
  });

  describe('by action', () => {
    const siblings = (policies: Readonly<Record<string, string>>): string =>
      Object.entries(policies)
        .map(
          ([name, policy]) =>
            `  ${name}: { match: { path: /x.php${name === 'base' ? '' : `, action: ${name}`} }, upstream: php, policies: { ${policy} } }`,
        )
        .join('\n');

    it('gates by the action where a body may name it, and not where only the query can', () => {
      const actions = matcherOf(siblings({ base: 'authorization: public', save: 'authorization: user' }));
      expect(groupOf(actions, 'POST', '/x.php')).toMatchObject({ base: { name: 'base' }, gatesByAction: true });
      expect(groupOf(actions, 'POST', '/x.php').byAction?.get('save')?.name).toBe('save');
    });

    it.each([
      ['user before public', ['public', 'user'], { anyOf: ['jwt', 'php-session'], roles: [] }],
      ['a role before an identity', ['user', 'admin', 'public'], { anyOf: ['jwt', 'php-session'], roles: ['admin'] }],
      ['the roles that both accept', ['staff', 'admin'], { anyOf: ['jwt', 'php-session'], roles: ['admin'] }],
      ['the proof that both accept', ['user', 'token'], { anyOf: ['jwt'], roles: [] }],
      ['the proof of one and the role of another', ['token', 'admin'], { anyOf: ['jwt'], roles: ['admin'] }],
      [
        'an identity before an optional one',
        ['known', 'user'],
        { anyOf: ['jwt', 'php-session'], roles: [], optional: false },
      ],
      ['an optional identity before none', ['public', 'known'], { anyOf: ['jwt'], roles: [], optional: true }],
    ])('holds the strictest: %s', (_name, policies, expected) => {
      for (const order of [policies, policies.toReversed()]) {
        const text = siblings(
          Object.fromEntries(order.map((policy, i) => [i === 0 ? 'base' : `act${i}`, `authorization: ${policy}`])),
        );
        expect(groupOf(matcherOf(text), 'POST', '/x.php').gate.policies.authorization).toMatchObject(expected);
      }
    });

    it('lets through the largest body that one of them takes', () => {
      const actions = matcherOf(
        siblings({ base: 'maxBodyBytes: 10', upload: 'maxBodyBytes: 99', other: 'maxBodyBytes: 5' }),
      );
      expect(groupOf(actions, 'POST', '/x.php').gate.policies.maxBodyBytes).toBe(99);
    });

    it('has no base where only listed actions are routes', () => {
      const group = groupOf(matcherOf(siblings({ one: '', two: '' })), 'POST', '/x.php');
      expect(group.base).toBeUndefined();
      expect([...(group.byAction?.keys() ?? [])]).toEqual(['one', 'two']);
    });
  });
});
