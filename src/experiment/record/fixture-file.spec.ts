import { describe, expect, it } from '@jest/globals';
import { readJsonTree } from '../compare/json-tree.js';
import { FixtureError, printFixture, readFixture } from './fixture-file.js';
import type { Fixture } from './recorded-exchange.js';
import { printJson } from './redaction/json-print.js';

/** Spellings and an order that no parser of JavaScript keeps. */
const BODY = '{"2":1.0,"1":12345678901234567890,"id":"{{id:1}}","n":"{{#id:2}}","t":"é\\n","e":{},"l":[[],null,true]}';

const treeOf = (text: string) => {
  const reading = readJsonTree(Buffer.from(text), 100, 1000);
  if (reading.kind !== 'tree') throw new Error(reading.kind);
  return reading.root;
};

const FIXTURE: Fixture = {
  recording: 'r',
  seq: 7,
  route: 'a.b',
  action: 'send',
  at: '2026-01-01',
  request: {
    method: 'POST',
    target: '/api/a.php?id={{id:1}}',
    headers: { 'content-type': 'application/json' },
    body: { kind: 'json', text: BODY },
    caller: 'user:1',
  },
  answer: { status: 201, headers: [['content-type', 'application/json']], body: { kind: 'json', tree: treeOf(BODY) } },
  variables: {},
  shown: { keep: ['greeting'], fields: [] },
};
const SHAPES = new Map([
  ['id:1', 'conv_{hex:24}'],
  ['id:2', '{digits:3}'],
  ['id:3', '{uuid}'],
]);

describe('a fixture’s file', () => {
  it('is read as it was written, each number as it was spelt and each member in its place', () => {
    const { name, text } = printFixture(FIXTURE, SHAPES);
    expect(name).toBe('a.b/0007-post-send-201.json');
    const read = readFixture(text, name);
    const { answer, ...rest } = read;
    const { answer: _, ...own } = FIXTURE;
    // Of all the recording's ids those that it names.
    expect(rest).toEqual({ ...own, variables: { 'id:1': 'conv_{hex:24}', 'id:2': '{digits:3}' } });
    expect(answer.body?.kind === 'json' ? printJson(answer.body.tree) : '').toBe(printJson(treeOf(BODY)));
    expect(printFixture(read, SHAPES).text).toBe(text);
  });

  it.each<[string, Fixture['request']['body']]>([
    [
      'form',
      {
        kind: 'form',
        fields: [
          ['a[]', '{{id:1}}'],
          ['b', ''],
        ],
      },
    ],
    ['malformed', { kind: 'malformed', length: 12 }],
    ['filler', { kind: 'filler', length: 70_000 }],
    ['bytes', { kind: 'bytes', length: 5, hash: '0123456789abcdef' }],
  ])('has a body of the kind %s', (_kind, body) => {
    const { name, text } = printFixture(
      { ...FIXTURE, request: { ...FIXTURE.request, body } as Fixture['request'] },
      SHAPES,
    );
    expect(readFixture(text, name).request.body).toEqual(body);
  });

  it('sends no credentials and chooses no arm, whoever wrote it', () => {
    const { name, text } = printFixture(FIXTURE, SHAPES);
    const forged = text.replace(
      '"content-type": "application/json"',
      '"content-type": "application/json", "authorization": "Bearer x", "cookie": "a=b", "x-donna-arm": "native"',
    );
    expect(forged).not.toBe(text);
    expect(readFixture(forged, name).request.headers).toEqual({ 'content-type': 'application/json' });
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['another format', '{"fixture":2}'],
    ['a list', '[]'],
    ['an address elsewhere', printFixture(FIXTURE, SHAPES).text.replace('"/api', '"//evil.example/api')],
    ['no path', printFixture(FIXTURE, SHAPES).text.replace('"/api', '"http://evil.example/api')],
    ['a method that is none', printFixture(FIXTURE, SHAPES).text.replace('"POST"', '"GET /x HTTP/1.1\\r\\nA: b"')],
    ['too much', `{"fixture":1,"x":"${'x'.repeat(2_000_000)}"}`],
    ['too deep', `${'['.repeat(1000)}${']'.repeat(1000)}`],
  ])('is refused, by its name, when it is %s', (_what, text) => {
    expect(() => readFixture(text, 'bad.json')).toThrow(FixtureError);
    expect(() => readFixture(text, 'bad.json')).toThrow(/bad\.json/);
  });
});
