import { describe, expect, it } from '@jest/globals';
import { decodeCookie, readCookie } from './php-cookie.js';

describe('readCookie finds what PHP finds', () => {
  it.each([
    ['SID=a', 'a'],
    ['x=1; SID=a; SID=b', 'a'],
    ['XSID=no; SID=', ''],
    ['SID; SID=b', ''],
    ['SID=; SID=b', ''],
    ['sid=no', undefined],
    ['x="; SID=a', 'a'],
    ['  \t SID=a', 'a'],
    ['SID =no; SID=a', 'a'],
    ['\u00a0SID=no; SID=a', 'a'],
    ['%53ID=no', undefined],
    ['SID[=no; SID=a', 'a'],
    ['SID[]=x; SID=a', ''],
    ['SID=a; SID[x]=y', ''],
    ['[SID=no; SID=a', 'a'],
    ['SID=%61%zz', '%61%zz'],
    [undefined, undefined],
  ])('in %j', (header, value) => {
    expect(readCookie(header, 'SID')).toBe(value);
  });

  it.each(['PHP.SESS=a; PHP_SESS=b', 'PHP SESS=a; PHP_SESS=b', 'PHP[SESS=a; PHP_SESS=b'])(
    'under a name that is folded: %j',
    (header) => {
      expect(readCookie(header, 'PHP_SESS')).toBe('a');
    },
  );
});

describe('decodeCookie', () => {
  it.each([
    ['abc', 'abc'],
    ['%61b%63', 'abc'],
    ['a+b%', 'a+b%'],
    ['%4', '%4'],
    ['%zz%2541', '%zz%41'],
    ['%ff', '\u00ff'],
  ])('takes %j for %j', (sent, value) => {
    expect(decodeCookie(sent)).toBe(value);
  });
});
