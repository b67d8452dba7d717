import { describe, expect, it } from '@jest/globals';
import { readJsonValue } from './index.js';

describe('a field of a JSON body', () => {
  it.each([
    ['{"action":"send"}', { kind: 'value', value: 'send' }],
    ['{"action":"a","action":"b"}', { kind: 'value', value: 'b' }],
    ['{"\\u0061ction":"a"}', { kind: 'value', value: 'a' }],
    ['{"action":"a","\\u0061ction":"b"}', { kind: 'value', value: 'b' }],
    ['{"action":"a","action":["b"]}', { kind: 'not-scalar' }],
    ['{"action":1}', { kind: 'not-scalar' }],
    ['{"action":null}', { kind: 'not-scalar' }],
    ['{"Action":"a"}', { kind: 'absent' }],
    ['{"x":{"action":"a"}}', { kind: 'absent' }],
    ['{}', { kind: 'absent' }],
    ['["action"]', { kind: 'absent' }],
    ['', { kind: 'absent' }],
    [' \n', { kind: 'absent' }],
    ['\ufeff {"action":"a"}', { kind: 'value', value: 'a' }],
    ['{"action":"\\u0061é"}', { kind: 'value', value: 'aé' }],
    ['{"action":"a"}x', { kind: 'malformed' }],
    ['{"action":"a"', { kind: 'malformed' }],
    ['action=a', { kind: 'malformed' }],
  ])('%s', (body, expected) => expect(readJsonValue(Buffer.from(body), 'action')).toEqual(expected));
});
