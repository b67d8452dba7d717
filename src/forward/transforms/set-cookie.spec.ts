import { describe, expect, it } from '@jest/globals';
import { type CookieContext, rewriteSetCookie } from './set-cookie.js';

const plain: CookieContext = {
  upstreamHosts: new Set(['php.internal', '10.0.0.7']),
  publicAuthority: 'www.donna.example:8443',
  publicProtocol: 'https',
  upstreamIsSecure: false,
  upstreamBasePath: '',
};
const behindTls: CookieContext = { ...plain, upstreamIsSecure: true, publicProtocol: 'http' };
const underBase: CookieContext = { ...plain, upstreamBasePath: '/app' };

describe('rewriteSetCookie', () => {
  it.each([
    'a=1',
    'a=1; Expires=Wed, 09 Jun 2038 10:18:14 GMT; Path=/; HttpOnly',
    'a="x; y"; path=/;;  Max-Age=0 ;SameSite=lax',
    'a=b=c==; Domain=donna.example',
    'a=1; Domain=.www.donna.example',
    'a=1; Domain=foreign.example; Secure; SameSite=None; Partitioned; Priority=High',
    'domain=php.internal; path=/',
    'a=domain=php.internal',
    '=odd',
    '',
  ])('keeps every byte of %j', (cookie) => {
    expect(rewriteSetCookie(cookie, plain)).toBe(cookie);
  });

  it.each([
    ['a=1; Domain=php.internal; Path=/', 'a=1; Path=/'],
    ['a=1;domain=.PHP.internal;Path=/', 'a=1;Path=/'],
    ['a=1; Domain=internal', 'a=1'],
    ['a=1; DOMAIN = 10.0.0.7 ; Secure', 'a=1; Secure'],
    ['a=1; Domain=php.internal; Domain=php.internal', 'a=1'],
  ])('drops a Domain that names the upstream: %s', (given, expected) => {
    expect(rewriteSetCookie(given, plain)).toBe(expected);
  });

  it('keeps a Domain that upstream and public side share', () => {
    const shared = { ...plain, upstreamHosts: new Set(['php.donna.example']) };
    expect(rewriteSetCookie('a=1; Domain=donna.example', shared)).toBe('a=1; Domain=donna.example');
    expect(rewriteSetCookie('a=1; Domain=php.donna.example', shared)).toBe('a=1');
  });

  it.each([
    ['a=1; Path=/app/; HttpOnly', 'a=1; Path=/; HttpOnly'],
    ['a=1; path=/app', 'a=1; path=/'],
    ['a=1; Path=/app/admin/x', 'a=1; Path=/admin/x'],
    ['a=1; Path=/application', 'a=1; Path=/application'],
    ['a=1; Path=/', 'a=1; Path=/'],
    ['path=/app; HttpOnly', 'path=/app; HttpOnly'],
  ])('takes the base path off Path: %s', (given, expected) => {
    expect(rewriteSetCookie(given, underBase)).toBe(expected);
  });

  it('drops Secure, and SameSite=None with it, where only PHP’s side has TLS', () => {
    expect(rewriteSetCookie('a=1; Secure; SameSite=None; HttpOnly', behindTls)).toBe('a=1; HttpOnly');
    expect(rewriteSetCookie('a=1; secure; SameSite=Strict', behindTls)).toBe('a=1; SameSite=Strict');
  });

  it('never weakens a cookie whose name promises TLS, nor one of a public side with TLS', () => {
    for (const cookie of ['__Host-a=1; Secure; Path=/', '__Secure-a=1; Secure; SameSite=None']) {
      expect(rewriteSetCookie(cookie, behindTls)).toBe(cookie);
    }
    const overTls = { ...behindTls, publicProtocol: 'https' as const };
    expect(rewriteSetCookie('a=1; Secure; SameSite=None', overTls)).toBe('a=1; Secure; SameSite=None');
  });
});
