import { describe, expect, it } from '@jest/globals';
import { type LocationContext, rewriteLocation, rewriteRefresh } from './location.js';

const context: LocationContext = {
  upstreams: [
    { host: 'php.internal:8080', basePath: '' },
    { host: 'php2.internal', basePath: '' },
  ],
  publicAuthority: 'donna.example',
  publicProtocol: 'https' as const,
  upstreamBasePath: '',
};
const underBase: LocationContext = {
  upstreams: [{ host: 'php.internal:8080', basePath: '/app' }],
  publicAuthority: 'donna.example:3000',
  publicProtocol: 'http' as const,
  upstreamBasePath: '/app',
};

describe('rewriteLocation', () => {
  it.each([
    ['http://php.internal:8080/login.php?a=1&b=%2F#top', 'https://donna.example/login.php?a=1&b=%2F#top'],
    ['HTTP://PHP.Internal:8080/x', 'https://donna.example/x'],
    ['http://php.internal:8080', 'https://donna.example'],
    ['http://php.internal:8080?x=1', 'https://donna.example?x=1'],
    ['//php.internal:8080/x', 'https://donna.example/x'],
    ['http://php2.internal:80/x', 'https://donna.example/x'],
    ['http://user:pw@php.internal:8080/x', 'https://donna.example/x'],
  ])('brings the upstream’s own address to the public side: %s', (given, expected) => {
    expect(rewriteLocation(given, context)).toBe(expected);
  });

  it.each([
    'http://php.internal/x',
    'http://php.internal:8081/x',
    'https://php2.internal:8443/x',
    'http://php.internal.evil.example:8080/x',
    'https://accounts.example/oauth?redirect=http://php.internal:8080/',
    'http://php.internal:8080@evil.example/',
    '//cdn.example/x',
    '/login.php',
    'login.php?next=http://php.internal:8080/',
    '?page=2',
    '#top',
    '',
    'mailto:a@b.example',
    'http://[broken/',
  ])('leaves foreign and relative addresses alone: %s', (given) => {
    expect(rewriteLocation(given, context)).toBe(given);
  });

  it.each([
    ['http://php.internal:8080/app/login', 'http://donna.example:3000/login'],
    ['http://php.internal:8080/app', 'http://donna.example:3000/'],
    ['http://php.internal:8080/app?x=1', 'http://donna.example:3000/?x=1'],
    ['http://php.internal:8080/application', 'http://donna.example:3000/application'],
    ['/app/login', '/login'],
    ['/app', '/'],
    ['/application', '/application'],
    ['/elsewhere', '/elsewhere'],
    ['login', 'login'],
    // PHP was given the public Host and names itself by it, with the path it knows.
    ['http://donna.example:3000/app/login', 'http://donna.example:3000/login'],
    ['//donna.example:3000/app/login', 'http://donna.example:3000/login'],
  ])('takes the base path off: %s', (given, expected) => {
    expect(rewriteLocation(given, underBase)).toBe(expected);
  });

  it.each([
    ['/app//evil.example/x', 'http://donna.example:3000//evil.example/x'],
    ['/app/\\evil.example', 'http://donna.example:3000/\\evil.example'],
    ['/app/\t/evil.example', 'http://donna.example:3000/\t/evil.example'],
  ])('never makes a foreign address out of a path: %j', (given, expected) => {
    const made = rewriteLocation(given, underBase);
    expect(made).toBe(expected);
    expect(new URL(made, 'http://donna.example:3000/').host).toBe('donna.example:3000');
  });

  it('keeps a visitor on TLS when PHP, which sees none, names the public host with http', () => {
    expect(rewriteLocation('http://donna.example/x', context)).toBe('https://donna.example/x');
    expect(rewriteLocation('http://Donna.Example:80/x', context)).toBe('https://donna.example/x');
    expect(rewriteLocation('https://donna.example/x', context)).toBe('https://donna.example/x');
  });

  it('leaves PHP’s demand for TLS as it is', () => {
    const plain = { ...context, publicProtocol: 'http' as const };
    expect(rewriteLocation('https://donna.example/x', plain)).toBe('https://donna.example/x');
  });

  it('leaves another port of the public host alone', () => {
    expect(rewriteLocation('http://donna.example:9000/x', context)).toBe('http://donna.example:9000/x');
  });
});

describe('rewriteRefresh', () => {
  it.each([
    ['5; url=http://php.internal:8080/x', '5; url=https://donna.example/x'],
    ["0;URL='http://php.internal:8080/x'", "0;URL='https://donna.example/x'"],
    ['0; http://php.internal:8080/x', '0; https://donna.example/x'],
    ['1.5, url="/x"', '1.5, url="/x"'],
    ['30', '30'],
    ['5; url=https://foreign.example/', '5; url=https://foreign.example/'],
  ])('%s', (given, expected) => {
    expect(rewriteRefresh(given, context)).toBe(expected);
  });
});
