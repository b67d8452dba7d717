import { describe, expect, it } from '@jest/globals';
import { matchesErrorWhen, readTopLevelString } from './index.js';

describe('matchesErrorWhen', () => {
  it.each<[string, string, string | number | boolean | null, boolean]>([
    ['{"status":"error"}', '/status', 'error', true],
    ['\ufeff\n{"status":"error"}<br />', '/status', 'error', true],
    ['{"status":"ok"}', '/status', 'error', false],
    ['{"a":{"b":[{"c":null}]}}', '/a/b/0/c', null, true],
    ['{"a":{"b":[1]}}', '/a/b/01', 1, false],
    ['{"a":[1]}', '/a/length', 1, false],
    ['{"a/b":{"~":0}}', '/a~1b/~0', 0, true],
    ['{"~1":true}', '/~01', true, true],
    ['false', '', false, true],
    ['{"ok":0}', '/ok', false, false],
    ['{}', '/constructor/name', 'Object', false],
    ['{}', 'status', 'error', false],
    ['<html>', '/status', 'error', false],
    ['{"status":"error"', '/status', 'error', false],
    ['', '/a', null, false],
  ])('%j at %s against %j', (body, pointer, equals, expected) => {
    expect(matchesErrorWhen(Buffer.from(body), { pointer, equals })).toBe(expected);
  });
});

describe('readTopLevelString', () => {
  it.each([
    ['{"action":"a","action":"b"}', { kind: 'string', value: 'b' }],
    ['{"\\u0061ction":"\\u0061é"}', { kind: 'string', value: 'aé' }],
    ['{"x":{"action":"a"}}', { kind: 'absent' }],
    ['{"action":1}', { kind: 'other' }],
    ['["action"]', { kind: 'absent' }],
    ['', { kind: 'absent' }],
    ['{"action":"a"', { kind: 'malformed' }],
    ['{"action":"a"}x', { kind: 'malformed' }],
  ])('%j', (body, expected) => {
    expect(readTopLevelString(Buffer.from(body), 'action')).toEqual(expected);
  });
});
