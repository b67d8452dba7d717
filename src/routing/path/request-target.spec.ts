import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseRequestTarget } from './index.js';

const parse = (raw: string, method = 'GET'): unknown => {
  const target = parseRequestTarget(raw, method);
  return target.kind === 'refused' ? 'refused' : [target.pathAndQuery, target.authority];
};

describe('parseRequestTarget', () => {
  it.each([
    // origin-form: as it stands
    ['/', '/'],
    ['/a/b.php?x=1', '/a/b.php?x=1'],
    ['//a//b', '//a//b'],
    ['//evil.example/a', '//evil.example/a'],
    ['/%2e%2e/?a[]=1&a[]=2', '/%2e%2e/?a[]=1&a[]=2'],
    ['/http://h/', '/http://h/'],
  ])('takes the origin-form %s as it stands', (raw, pathAndQuery) => {
    expect(parse(raw)).toEqual([pathAndQuery, undefined]);
  });

  it.each([
    ['http://h/a?b', '/a?b', 'h'],
    ['HTTPS://h:8443/a', '/a', 'h:8443'],
    ['http://h', '/', 'h'],
    ['http://h?b=1', '/?b=1', 'h'],
    ['http://h/?b=http://i/', '/?b=http://i/', 'h'],
    ['http://[::1]:80/a', '/a', '[::1]:80'],
    ['http://h//a', '//a', 'h'],
  ])('takes the absolute-form %s apart', (raw, pathAndQuery, authority) => {
    expect(parse(raw)).toEqual([pathAndQuery, authority]);
  });

  it('takes the asterisk-form for OPTIONS only', () => {
    expect(parse('*', 'OPTIONS')).toEqual(['/', undefined]);
    expect(parse('*')).toBe('refused');
  });

  it.each([
    '',
    'a',
    'a/b.php',
    '?a=1',
    '\\a',
    ' /a',
    '**',
    'h:443',
    'http:',
    'http:/a',
    'http://',
    'http:///a',
    'http://user@h/a',
    'http://user:word@h/a',
    'http://h#a',
    'http://h/a#b',
    'http://h/a?b#c',
    'ftp://h/a',
    'javascript://h/a',
    'xhttp://h/a',
  ])('refuses %j', (raw) => expect(parse(raw)).toBe('refused'));

  it('gives a path that begins with a slash, for any text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary-ascii' }),
      fc.string({ unit: fc.constantFrom('/', '?', '#', '@', ':', 'h', '\n') }).map((rest) => `http://${rest}`),
    );
    fc.assert(
      fc.property(text, fc.constantFrom('GET', 'OPTIONS'), (raw, method) => {
        const target = parseRequestTarget(raw, method);
        expect(target.kind === 'refused' || target.pathAndQuery.startsWith('/')).toBe(true);
        expect(target.kind === 'target' && target.authority === '').toBe(false);
      }),
      { seed: 42, numRuns: 500 },
    );
  });
});
