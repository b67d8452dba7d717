import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ownerKey } from '../../src/replication/index.js';
import { CONVERSATIONS as COLLECTION } from '../../src/features/conversations/conversations.collection.js';
import { describeWith } from '../setup/parts.js';
import { multipart } from '../support/http-call.js';
import { jsonObjectText, jsonText } from '../support/json-texts.js';
import { type NativeTwins, startNativeTwins, type TwinAnswer, type TwinRequest } from '../support/native-twins.js';
import { describeWithFpm } from '../support/php-fpm.js';
import { CONVERSATIONS, deep, form, FORM, get, post, put } from '../support/sent-request.js';

const JSON_TYPE = 'application/json';
const create = (body: string): TwinRequest => ({ method: 'POST', path: CONVERSATIONS, type: JSON_TYPE, body });
const change = (body: string): TwinRequest => ({ ...create(body), method: 'PUT' });
const remove = (query: string, body?: string, type = JSON_TYPE): TwinRequest => ({
  method: 'DELETE',
  path: CONVERSATIONS + query,
  ...(body === undefined ? {} : { body, type }),
});
const parts = (...fields: readonly (readonly [string, string])[]): TwinRequest => ({
  method: 'POST',
  path: CONVERSATIONS,
  ...multipart(fields, []),
});
const list = get(CONVERSATIONS);
const metadata = (text: string): TwinRequest => create(`{"metadata":${text}}`);
const asForm = (body: string): TwinRequest => form(CONVERSATIONS, body);

/** Asked one after the other by one caller. */
const HAND_WRITTEN: readonly (readonly [title: string, requests: readonly TwinRequest[]])[] = [
  ['an empty list', [list, { ...list, method: 'HEAD' }, get(`${CONVERSATIONS}?id=x&limit=0`)]],
  ['a list that is asked for conditionally', [create('{}'), { ...list, headers: { 'If-None-Match': '*' } }]],
  [
    'a list that is asked for with a body',
    [
      { ...list, type: 'text/plain', body: 'x' },
      { ...list, type: JSON_TYPE, body: '{' },
    ],
  ],
  [
    'a life',
    [
      create('{}'),
      list,
      create('{"title":" Zwei ü 😀 / \\u2028 "}'),
      change('{"id":"{0}","title":"new"}'),
      list,
      change('{"id":"{1}","status":"archived","metadata":{"z":1}}'),
      list,
      remove('?id={0}'),
      list,
      remove('', '{"id":"{1}"}'),
      list,
    ],
  ],
  [
    'what is not there',
    [
      remove('?id=conv_none'),
      change('{"id":"none","title":"x"}'),
      create('{}'),
      remove('?id={0}'),
      remove('?id={0}'),
      change('{"id":"{0}","title":"x"}'),
    ],
  ],
  ['names in other spellings', [create('{"Title":"x","TITLE":"y"}'), asForm('titl%65=x'), list]],
  [
    'titles',
    [
      '""',
      '" "',
      'null',
      '1',
      'true',
      '[]',
      '{}',
      '"a\\nb"',
      '"a\\u0000b"',
      '"\\u0000x\\u0000"',
      '"\\u000bx"',
      `"${'x'.repeat(200)}"`,
      `"${'x'.repeat(201)}"`,
      `"${'😀'.repeat(200)}"`,
      `"${'é'.repeat(201)}"`,
      '"\\ud83d"',
      '"\u00a0x\u00a0"',
      '"<b>&\'\\"\\\\\\/"',
    ].map((title) => create(`{"title":${title}}`)),
  ],
  [
    'profiles',
    ['"sales"', '"Sales"', '""', 'null', '0', '"boss"', '["sales"]', '{}'].map((profile) =>
      create(`{"profile":${profile}}`),
    ),
  ],
  [
    'a profile within metadata',
    [
      create('{"profile":"sales","metadata":{"profile":"x","a":1.0}}'),
      create('{"profile":"sales","metadata":{"a":{}}}'),
      list,
    ],
  ],
  [
    'metadata',
    [
      '{}',
      '[]',
      'null',
      '""',
      '"{}"',
      '" \\n{\\"a\\":[]}"',
      '"\\u000b{}"',
      '"[]"',
      '"{"',
      '"\\ufeff{}"',
      '1',
      'true',
      '[1]',
      '{"0":1}',
      '{"1":1,"0":2}',
      '{"a":1.0,"b":-0.0,"c":1e20,"d":9223372036854775807,"e":9223372036854775808,"f":1E2}',
      '{"a":{},"b":[],"c":[{}],"d":{"0":[]}}',
      '{"a":1,"b":2,"a":3}',
      '{"":{"":""}}',
      '{"u":"\\u0000\\u001f\\u2028\\/\\u00fc"}',
      JSON.stringify(deep(30)),
      JSON.stringify(deep(31)),
      JSON.stringify(JSON.stringify(deep(29))),
      JSON.stringify(JSON.stringify(deep(30))),
      `{"a":"${'x'.repeat(8183)}"}`,
      `{"a":"${'x'.repeat(8184)}"}`,
      `{"a":"${'\\u2028'.repeat(1364)}"}`,
      `{"a":"${'\\u00e9'.repeat(4091)}"}`,
      `{"a":[${Array.from({ length: 2700 }, () => '1').join(',')}]}`,
      `{"a":[${Array.from({ length: 1640 }, () => '1e2').join(',')}]}`,
    ]
      .map(metadata)
      .concat(list),
  ],
  [
    'metadata in a form',
    [
      'metadata={"a":1.0}',
      'metadata=%20{}',
      'metadata=[]',
      'metadata=',
      'metadata[a]=1&metadata[b][]=x',
      'metadata[]=1',
      'metadata[1]=x&metadata[0]=y',
      'metadata[0]=x&metadata[1]=y',
      'metadata[b]=1&metadata[7]=2&metadata[a]=3',
      'metadata[a]=%ff%c3%a9%e2%82',
      'metadata[%ff]=1',
      `metadata${'[a]'.repeat(31)}=1`,
      `metadata${'[a]'.repeat(40)}=1`,
      `profile=sales&metadata${'[a]'.repeat(40)}=1`,
      'metadata={"a":"%ff"}',
      'title=%ff',
      'title=a+b%00',
      'title[]=x',
      'profile[]=sales',
      'title=x&csrf_token=y&action=z',
    ]
      .map(asForm)
      .concat(list),
  ],
  [
    'a form in parts',
    [
      parts(['title', 'in parts'], ['metadata', '{"a":{}}']),
      parts(['metadata[1]', 'x'], ['metadata[0]', 'y']),
      parts(),
      { ...parts(['title', 'x']), method: 'PUT' },
      list,
    ],
  ],
  [
    'bodies that are none',
    [
      '',
      '[]',
      '{',
      'null',
      '"x"',
      '1',
      ' {} ',
      '\u00ef\u00bb\u00bf{}',
      `{"x":${'['.repeat(31)}${']'.repeat(31)}}`,
      `{"x":${'['.repeat(30)}${']'.repeat(30)}}`,
    ].flatMap((body) => [create(body), change(body), remove('', body), remove('?id=x', body)]),
  ],
  [
    'types of bodies',
    [
      '',
      'text/plain',
      'text/json',
      'application/vnd.x+json',
      'APPLICATION/JSON; charset=latin1',
      'application/json, text/plain',
      FORM,
      'multipart/form-data',
    ].flatMap((type) => [
      { ...create('{"title":"x"}'), type },
      { ...change('{"id":"x","title":"y"}'), type },
      remove('?id=x', '{}', type),
    ]),
  ],
  [
    'ids',
    [
      create('{}'),
      ...[
        '1',
        '1.0',
        '9007199254740993',
        '9223372036854775807',
        '9223372036854775808',
        '-1',
        'null',
        '""',
        '" "',
        'true',
        '[]',
        '{}',
        '"a/b"',
        '".."',
        '"a..b"',
        '"x."',
        `"${'x'.repeat(64)}"`,
        `"${'x'.repeat(65)}"`,
        '"x\\n"',
        '" {0}"',
        '"{0}\\u0000"',
      ].flatMap((id) => [change(`{"id":${id},"title":"x"}`), remove('', `{"id":${id}}`)]),
    ],
  ],
  [
    'ids in the query',
    ['?id=', '?id=%20', '?id[]=x', '?id=a%00', '?id=1&id=2', '?ID=x', '?i%64={0}', '?id={0}%0a'].map((query) =>
      remove(query),
    ),
  ],
  [
    'an id in query and body',
    [
      create('{}'),
      remove('?id={0}', '{"id":"{0}"}'),
      remove('?id=x', '{"id":null}'),
      remove('?id=x', 'id=x', FORM),
      change('{"title":"x"}'),
      { ...change('{"title":"x"}'), path: `${CONVERSATIONS}?id=x` },
    ],
  ],
  [
    'changes',
    [
      create('{}'),
      ...[
        '{"id":"{0}"}',
        '{"id":"{0}","status":""}',
        '{"id":"{0}","status":"open"}',
        '{"id":"{0}","title":null,"status":null,"metadata":null}',
        '{"id":"{0}","title":""}',
        '{"id":"{0}","metadata":{}}',
        '{"id":"{0}","metadata":[]}',
        '{"id":"{0}","created_at":"2000-01-01T00:00:00.000Z","title":"x"}',
        '{"title":"","status":"x","metadata":1}',
      ].map(change),
      list,
    ],
  ],
  [
    'problem details',
    [change('{"id":"x"}'), remove('?id=x')].map((request) => ({
      ...request,
      headers: { Accept: 'application/problem+json' },
    })),
  ],
  [
    'names of JavaScript’s',
    [
      metadata('{"__proto__":{"a":1}}'),
      metadata('{"constructor":{"a":1},"toString":2}'),
      create('{"__proto__":1}'),
      asForm('metadata[__proto__]=1'),
      list,
    ],
  ],
  [
    'methods that there are not',
    [
      { method: 'PATCH', path: CONVERSATIONS, type: JSON_TYPE, body: '{}' },
      { method: 'OPTIONS', path: CONVERSATIONS },
    ],
  ],
];

describeWithFpm('conversations, answered by PHP and by their native twin', (fpm) => {
  describeWith('postgres', 'over a real Postgres', (postgres) => {
    let twins: NativeTwins;
    beforeAll(async () => {
      twins = await startNativeTwins(fpm, postgres);
    }, 120_000);
    afterAll(async () => twins.stop());

    /** Both sides' answers to the requests of one caller. */
    const compare = async (subject: string, requests: readonly TwinRequest[]): Promise<readonly TwinAnswer[]> => {
      const answers: { request: TwinRequest; answer: TwinAnswer }[][] = [[], []];
      for (const request of requests) {
        const { php, native } = await twins.ask(subject, request);
        answers[0]?.push({ request, answer: php });
        answers[1]?.push({ request, answer: native });
      }
      expect(answers[1]).toEqual(answers[0]);
      return answers[0]?.map(({ answer }) => answer) ?? [];
    };

    it.each(HAND_WRITTEN)('are told alike, byte for byte: %s', async (title, requests) => {
      await compare(`hand ${title}`, requests);
    });

    const title = fc.oneof(fc.constantFrom('"x"', '" y "', '"é😀"', 'null'), jsonText);
    const facts = fc.oneof(
      jsonObjectText,
      jsonObjectText.map((text) => JSON.stringify(text)),
      jsonText,
    );
    const fields = (...names: readonly (readonly [string, fc.Arbitrary<string>])[]): fc.Arbitrary<string> =>
      fc
        .tuple(
          ...names.map(([name, value]) =>
            fc.option(
              value.map((text) => `"${name}":${text}`),
              { freq: 4 },
            ),
          ),
        )
        .map((members) => `{${members.filter((member) => member !== null).join(',')}}`);
    const id = fc.constantFrom('"{0}"', '"{1}"', '"{2}"', '"{3}"', '"none"', '7');
    const status = fc.constantFrom('"active"', '"archived"', '"closed"', '"x"');
    const step: fc.Arbitrary<TwinRequest> = fc.oneof(
      { weight: 3, arbitrary: fc.constant(list) },
      {
        weight: 3,
        arbitrary: fields(['title', title], ['metadata', facts], ['profile', fc.constantFrom('"sales"', '"x"')]).map(
          create,
        ),
      },
      {
        weight: 2,
        arbitrary: fields(['id', id], ['title', title], ['status', status], ['metadata', facts]).map(change),
      },
      {
        weight: 1,
        arbitrary: fc.oneof(
          id.map((given) => remove('', `{"id":${given}}`)),
          fc.constantFrom('{0}', '{1}', 'x').map((given) => remove(`?id=${given}`)),
        ),
      },
      {
        weight: 1,
        arbitrary: facts.map((text) =>
          asForm(
            new URLSearchParams([
              ['title', 'by a form'],
              ['metadata', text],
            ]).toString(),
          ),
        ),
      },
    );

    it('are told alike, byte for byte, in 8 random lives of 30 requests', async () => {
      const lives = fc.sample(fc.array(step, { minLength: 30, maxLength: 30, size: 'max' }), {
        numRuns: 8,
        seed: 20_261_123,
      });
      const statuses = new Map<number, number>();
      for (const [index, life] of lives.entries()) {
        for (const { status: told } of await compare(`random ${index}`, [...life, list]))
          statuses.set(told, (statuses.get(told) ?? 0) + 1);
      }
      // Of all kinds enough, or nothing would have been compared.
      for (const told of [200, 201, 404, 422]) expect([told, (statuses.get(told) ?? 0) > 5]).toEqual([told, true]);
      for (const index of lives.keys()) {
        const owner = ownerKey(`random ${index}`);
        const [php, native] = [twins.php, twins.native].map(({ data }) => data.document('conversations', owner));
        expect(shapeOf(native)).toEqual(shapeOf(php));
      }
    }, 120_000);

    it('are bounded alike when one more than 200 is made', async () => {
      const subject = 'bounded';
      const at = (ms: number): string => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
      const conversations = Array.from({ length: 200 }, (_, i) => ({
        id: `c${i}`,
        title: `${i}`,
        created_at: at(0),
        updated_at: at((i * 7) % 50),
        last_message_at: i % 2 === 0 ? at(i) : null,
        message_count: i,
        status: 'active',
        last_message_preview: i % 2 === 0 ? 'p' : null,
        metadata: '{"a":1.0}',
        messages: [{ role: 'user', content: 'x' }],
      }));
      for (const { data } of [twins.php, twins.native])
        data.plant('conversations', ownerKey(subject), JSON.stringify({ conversations }));
      const answers = await compare(subject, [
        list,
        create('{}'),
        list,
        change('{"id":"c3","title":"x"}'),
        create('{}'),
        list,
      ]);
      expect(answers.at(-1)?.body).toContain('"count":200');
    });

    it('are each seen by their owner only', async () => {
      await compare('owner', [post(CONVERSATIONS, { title: 'mine' }), list]);
      const id = /conv_[0-9a-f]{24}/;
      for (const side of [twins.php, twins.native]) {
        const mine = JSON.stringify(side.data.document('conversations', ownerKey('owner')));
        const [found = ''] = id.exec(mine) ?? [];
        expect(found).not.toBe('');
        for (const request of [put(CONVERSATIONS, { id: found, title: 'stolen' }), remove(`?id=${found}`)])
          expect(await side.ask('stranger', request)).toMatchObject({ status: 404 });
        expect(JSON.stringify(side.data.document('conversations', ownerKey('owner')))).toBe(mine);
      }
    });
  });
});

/** A document without ids and moments. */
function shapeOf(document: object | undefined): string {
  const { text } = COLLECTION.canonical(document === undefined ? undefined : JSON.stringify(document));
  return text.replace(/conv_[0-9a-f]{24}/g, 'ID').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'MOMENT');
}
