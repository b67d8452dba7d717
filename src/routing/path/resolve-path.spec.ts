import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { expectCpuBelow } from '../../../test/support/cpu-time.js';
import { resolvePath } from './index.js';

const resolve = (target: string): string => {
  const resolved = resolvePath(target);
  return resolved.kind === 'path' ? resolved.path : 'refused';
};
const scriptOf = (target: string): string | null => {
  const resolved = resolvePath(target);
  return resolved.kind === 'path' ? resolved.script : 'refused';
};

const GUARDED = '/api/users.php';

describe('resolvePath', () => {
  it.each(['/', '/api', '/api/', '/api/users.php', '/api/users.php/7/', '/a.b-c_d~e/f', '/_next/app.9f.js', '/a~1/b'])(
    'leaves the plain path %s as it is',
    (path) => expect(resolvePath(path)).toMatchObject({ kind: 'path', path, search: '' }),
  );

  it('leaves any plain path as it is', () => {
    const inner = 'abcdefghijklmnopqrstuvwxyz0123456789_~-';
    const segment = fc
      .tuple(fc.constantFrom(...inner), fc.string({ unit: fc.constantFrom(...inner, '.') }), fc.constantFrom(...inner))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(segment), fc.constantFrom('', '/'), (segments, end) => {
        const path = segments.length === 0 ? '/' : `/${segments.join('/')}${end}`;
        expect(resolve(path)).toBe(path);
      }),
      { seed: 42 },
    );
  });

  it.each([
    // percent-encoding, once
    ['/api%2Fusers.php', GUARDED],
    ['/api%2fusers.php', GUARDED],
    ['/%61pi/users%2ephp', GUARDED],
    ['/api/users%2Ephp', GUARDED],
    ['/api/%75%73%65%72%73%2e%70%68%70', GUARDED],
    // doubled slashes, dot segments
    ['//api//users.php', GUARDED],
    ['/api/./users.php', GUARDED],
    ['/./api/users.php', GUARDED],
    ['/api/%2e/users.php', GUARDED],
    ['/x/../api/users.php', GUARDED],
    ['/x/%2e%2e/api/users.php', GUARDED],
    ['/x/.%2E/api/users.php', GUARDED],
    ['/x%2f..%2fapi%2fusers.php', GUARDED],
    ['/x//../api/users.php', GUARDED],
    ['/x/y/../../api/users.php', GUARDED],
    // case
    ['/API/Users.PHP', GUARDED],
    ['/api/users.%50hp', GUARDED],
    // what Windows drops at the end of a name
    ['/api/users.php.', GUARDED],
    ['/api/users.php...', GUARDED],
    ['/api/users.php%20', GUARDED],
    ['/api/users.php%20.%20', GUARDED],
    ['/api./users.php', GUARDED],
    ['/api%20/users.php', GUARDED],
    ['/api/users.php::$DATA', GUARDED],
    ['/api/users.php::$data.', GUARDED],
    ['/api::$INDEX_ALLOCATION/users.php', GUARDED],
    // backslashes
    ['/api\\users.php', GUARDED],
    ['\u002fapi%5cusers.php', GUARDED],
    ['/x%5C..%5Capi/users.php', GUARDED],
    // path parameters
    ['/api/users.php;x=1', GUARDED],
    ['/api;x=1/users.php', GUARDED],
    ['/api/users.php%3bx=1', GUARDED],
    ['/api/.;x/users.php', GUARDED],
    ['/;/api/users.php', GUARDED],
  ])('finds the guarded script in %s', (target, path) => {
    expect(resolvePath(target)).toEqual({ kind: 'path', path, script: GUARDED, pathInfo: '', search: '' });
  });

  it.each([
    ['/api/users.php/x', '/x'],
    ['/api/users.php/', '/'],
    ['/api/users.php//x', '/x'],
    ['/api/users.php/x/', '/x/'],
    ['/api/users.php/.', '/'],
    ['/api/users.php/./x', '/x'],
    ['/api/users.php%2Fx', '/x'],
    ['/api/users.php\\x', '/x'],
    ['/api/users.php;x/y', '/y'],
    ['/api/users.php/open.php', '/open.php'],
    ['/api/users.php/Page;x', '/page'],
    ['/API/USERS.PHP/x', '/x'],
    ['/api/users.php./x', '/x'],
  ])('keeps %s with its script, PATH_INFO %s', (target, pathInfo) => {
    expect(resolvePath(target)).toMatchObject({ path: `${GUARDED}${pathInfo}`, script: GUARDED, pathInfo });
  });

  it.each([
    ['/api/users%252ftxt', '/api/users%2ftxt'],
    ['/100%25', '/100%'],
    ['/a%20b', '/a b'],
    ['/a%3fb', '/a?b'],
    ['/a%23b', '/a#b'],
    ['/a+b', '/a+b'],
    ['/a/b/..', '/a/'],
    ['/a/..', '/'],
    ['/a/.', '/a/'],
    ['/.', '/'],
    ['//', '/'],
    ['/a//', '/a/'],
    ['/.php', '/.php'],
    ['/.well-known/x', '/.well-known/x'],
    ['/a..b', '/a..b'],
    ['/..a', '/..a'],
    ['/users.phpx', '/users.phpx'],
    ['/users.php.txt', '/users.php.txt'],
    ['/caf%C3%A9', '/café'],
  ])('resolves %s to %s', (target, path) => expect(resolve(target)).toBe(path));

  it.each([
    // NUL and control characters
    ['/api/users.php%00'],
    ['/api/users.php%00.txt'],
    ['/api/users.php%0a'],
    ['/api/users.php%0D%0A'],
    ['/api/users.php%09'],
    ['/api/users.php%7f'],
    ['/api/users.php\u0001'],
    ['/%1fapi/users.php'],
    // broken percent-encoding
    ['/api/users.php%zz'],
    ['/api/users.php%'],
    ['/api/users.php%2'],
    ['/%u002e%u002e/api/users.php'],
    // above the root
    ['/..'],
    ['/../api/users.php'],
    ['/%2e%2e/api/users.php'],
    ['/a/../../api/users.php'],
    ['/a/..%5c..%5capi/users.php'],
    ['//../api/users.php'],
    // ".." in a longer segment
    ['/x/..;/api/users.php'],
    ['/x/..;a=b/api/users.php'],
    ['/x/..%3b/api/users.php'],
    ['/x/.. /api/users.php'],
    ['/x/..%20/api/users.php'],
    ['/x/.../api/users.php'],
    ['/x/..::$DATA/api/users.php'],
    // out of a script
    ['/open.php/../api/users.php'],
    ['/open.php/x/../../api/users.php'],
    ['/open.php/x/..'],
    ['/open.php\\..\\api\\users.php'],
    ['/OPEN.PHP/%2e%2e/api/users.php'],
    ['/open.php;x/../api/users.php'],
    ['/open.php./../api/users.php'],
    // overlong UTF-8
    ['/x/%c0%ae%c0%ae/api/users.php'],
    ['/api%c0%afusers.php'],
    ['/api%e0%80%afusers.php'],
    ['/api%f0%80%80%afusers.php'],
    // a question mark behind a script
    ['/api/users.php%3fx=1'],
    ['/api/users.php%3fopen.php'],
    ['/api/users.PHP%3F'],
    // look-alikes, and what would be the script if it were decoded once more
    ['/api/users%252ephp'],
    ['/api%252fusers.php'],
    ['/%EF%BD%81pi/users.php'],
    ['/api/u%C5%BFers.php'],
    ['/api/users%EF%BC%8Ephp'],
    ['/ap%E2%80%8Bi/users.php'],
    // "#", and what is no path
    ['/api/users.php#x'],
    ['/#/api/users.php'],
    [''],
    ['*'],
    ['api/users.php'],
    ['?a=1'],
  ])('refuses %j', (target) => expect(resolve(target)).toBe('refused'));

  it('keeps the query as it came', () => {
    expect(resolvePath('/API/?a=%zz&b=/../%00?c')).toMatchObject({ path: '/api/', search: '?a=%zz&b=/../%00?c' });
    expect(resolvePath('/api/users.php?')).toMatchObject({ script: GUARDED, pathInfo: '', search: '?' });
  });

  it('resolves every mix of known spellings to the script, or refuses it', () => {
    const hex = (char: string): string => `%${char.charCodeAt(0).toString(16)}`;
    const letter = fc.constantFrom(
      (char: string) => char,
      (char: string) => char.toUpperCase(),
      hex,
      (char: string) => hex(char).toUpperCase(),
      (char: string) => hex(char.toUpperCase()),
    );
    const slash = fc.constantFrom(
      '/',
      '/',
      '/',
      '//',
      '/./',
      '/%2e/',
      '%2f',
      '%2F',
      '\\',
      '%5C',
      '/x/../',
      '/x/%2e%2E/',
      '/x%5c..%2f',
      '/;a=b/',
      '/.;a/',
      '/x/..;/',
      '/x/.. /',
      '/y.php/../',
    );
    const tail = fc.constantFrom(
      '',
      '',
      '',
      '.',
      '%20',
      '. .',
      ';x=1',
      '%3Bx',
      '::$DATA',
      '::$data.;x',
      '%00',
      '%0a',
      '%',
    );
    const info = fc.constantFrom(
      '',
      '',
      '',
      '/',
      '/x',
      '//x',
      '%2fx.php',
      '\\x',
      '/..',
      '/../x',
      '?x',
      '?/../x',
      '%3fx',
      '#x',
    );
    const word = (text: string): fc.Arbitrary<string> =>
      fc.tuple(...text.split('').map((char) => letter.map((spell) => spell(char)))).map((chars) => chars.join(''));
    const spelling = fc.tuple(slash, word('api'), tail, slash, word('users.php'), tail, info);
    let found = 0;
    fc.assert(
      fc.property(spelling, (pieces) => {
        const script = scriptOf(pieces.join(''));
        expect(['refused', GUARDED]).toContain(script);
        if (script === GUARDED) found += 1;
      }),
      { seed: 42, numRuns: 3000 },
    );
    // Not by refusing everything.
    expect(found).toBeGreaterThan(500);
  });

  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .string({
        unit: fc.constantFrom('/', '.', '%2', 'e', 'f', '\\', ';', ' ', '::$', '.php', 'A', '?', '%', '\u00ff'),
      })
      .map((rest) => `/${rest}`),
  );

  it('never throws, and tells script and PATH_INFO apart', () => {
    fc.assert(
      fc.property(texts, (target) => {
        const resolved = resolvePath(target);
        if (resolved.kind === 'refused') expect(resolved.reason).toMatch(/^The path .*\.$/);
        else {
          expect((resolved.script ?? resolved.path) + resolved.pathInfo).toBe(resolved.path);
          expect(resolved.path).toMatch(/^\/(?!\/)/);
          expect(resolved.path).not.toMatch(/\/\/|\/\.\.?(\/|$)|\0/);
          expect(target.endsWith(resolved.search)).toBe(true);
        }
      }),
      { seed: 42, numRuns: 3000 },
    );
  });

  it('resolves what it resolved to itself', () => {
    const encode = (path: string): string => path.split('/').map(encodeURIComponent).join('/');
    let resolvedOnes = 0;
    fc.assert(
      fc.property(texts, (text) => {
        const first = resolvePath(text);
        if (first.kind === 'refused') return;
        resolvedOnes += 1;
        expect(resolvePath(encode(first.path))).toEqual({ ...first, search: '' });
      }),
      { seed: 42, numRuns: 3000 },
    );
    expect(resolvedOnes).toBeGreaterThan(300);
  });

  it.each([
    ['dots', '/'.concat('.'.repeat(65_536), 'x')],
    ['dots and spaces', '/a'.concat('. '.repeat(32_768), 'x')],
    ['encoded dots', '/'.concat('%2e'.repeat(21_845), 'x')],
    ['dot segments', '/.'.repeat(32_768)],
    ['climbing', '/a'.repeat(20_000) + '/%2e%2e'.repeat(10_000)],
    ['slashes', '/'.repeat(65_536)],
    ['almost scripts', '/a.php'.repeat(5000) + '.ph'.repeat(10_000)],
    ['parameters', '/a;'.repeat(20_000)],
    ['a plain path that ends otherwise', `${'/a'.repeat(32_768)}!`],
  ])('resolves 64 KiB of %s in linear time', (_name, target) => {
    // Some milliseconds; in quadratic time (a regression: dots, climbing) it takes seconds.
    expectCpuBelow(600, () => void resolvePath(target));
  });
});
