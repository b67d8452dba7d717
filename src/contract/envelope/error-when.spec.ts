import { describe, expect, it } from '@jest/globals';
import { matchesErrorWhen } from './index.js';

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
