import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ownerKey } from '../../src/replication/index.js';
import { describeWith } from '../setup/parts.js';
import { multipart } from '../support/http-call.js';
import { jsonText } from '../support/json-texts.js';
import { type NativeTwins, startNativeTwins, type TwinAnswer, type TwinRequest } from '../support/native-twins.js';
import { describeWithFpm } from '../support/php-fpm.js';
import { deep, form, FORM, get, SETTINGS } from '../support/sent-request.js';

const JSON_TYPE = 'application/json';
const set = (body: string): TwinRequest => ({ method: 'PUT', path: SETTINGS, type: JSON_TYPE, body });
const add = (body: string): TwinRequest => ({ ...set(body), method: 'POST' });
const asForm = (body: string): TwinRequest => form(SETTINGS, body);
const reset: TwinRequest = { method: 'DELETE', path: SETTINGS };
const show = get(SETTINGS);
const each = (name: string, ...values: readonly string[]): readonly TwinRequest[] =>
  values.map((value) => set(`{"${name}":${value}}`));
const parts = (...fields: readonly (readonly [string, string])[]): TwinRequest => ({
  method: 'POST',
  path: SETTINGS,
  ...multipart(fields, []),
});

/** Asked one after the other by one caller. */
const HAND_WRITTEN: readonly (readonly [title: string, requests: readonly TwinRequest[]])[] = [
  ['what nobody has set', [show, { ...show, method: 'HEAD' }, reset, show, get(`${SETTINGS}?greeting=x`)]],
  [
    'a life',
    [set('{"greeting":"Hi"}'), show, add('{"theme":"dark","behavior":{"tone":"dry"}}'), show, reset, show, reset],
  ],
  [
    'texts',
    each(
      'greeting',
      '" x "',
      '""',
      '" "',
      'null',
      '1',
      '"a\\nb\\tc"',
      '"a\\u0000b"',
      '"\\u0000"',
      '"\\u2028/<&>\'\\"\\\\"',
      `"${'😀'.repeat(500)}"`,
      `"${'x'.repeat(501)}"`,
      '[]',
      '{}',
    ).concat(show),
  ],
  [
    'colours',
    each(
      'themeColor',
      '"#abc"',
      '"#ABCDEF"',
      '"#abcd"',
      '"red"',
      '""',
      '" "',
      '"#abc\\n"',
      '1',
      'null',
      '[]',
      '["#abc"]',
    ).concat(show),
  ],
  [
    'choices',
    [
      ...each('position', '"top-left"', '"Top-left"', '""', '0', '[]'),
      ...each('theme', '"dark"', '"x"', 'true'),
      ...each('language', '"de"', '"DE"', '"deu"', '"d\\n"', '""', '5'),
      show,
    ],
  ],
  [
    'a profile, as a name and as a group',
    [
      ...each(
        'profile',
        '"sales"',
        '"boss"',
        '""',
        '{"name":"D"}',
        '{"name":1}',
        '{"role":null,"avatar":{"x":1.0}}',
        '{}',
        '[]',
        '["sales"]',
        '{"0":"x"}',
        'null',
      ),
      show,
      set('{"profile":"sales"}'),
      show,
      set('{"profile":{"name":"E"}}'),
      show,
    ],
  ],
  [
    'a group that becomes a list and an empty one',
    [
      ...each(
        'behavior',
        '{"tone":"dry","own":{"a":1,"b":{"c":2}}}',
        '{"own":{"b":{"d":3}}}',
        '{"own":[]}',
        '{"own":{}}',
        '{"own":[1]}',
        '{"own":{"z":1}}',
        '{"own":"x"}',
        '{"own":{"0":"x"}}',
        '{"own":null}',
        '{}',
        '[]',
        '[1]',
      ),
      show,
    ],
  ],
  [
    'numbers as they were spelt',
    [
      ...each(
        'behavior',
        '{"maxHistory":1}',
        '{"maxHistory":1.0}',
        '{"maxHistory":"1"}',
        '{"maxHistory":9007199254740993}',
        '{"maxHistory":9223372036854775808}',
        '{"maxHistory":-0}',
        '{"maxHistory":1e2}',
        '{"responseDelayMs":-5,"own":[1.0,1.10,-0.0,1e20,9223372036854775807,0.00001,1e400]}',
        '{"own":[1.0,1.10,-0.0,1e20,9223372036854775807,0.00001]}',
      ),
      show,
    ],
  ],
  [
    'kinds of known members',
    [
      ...each(
        'behavior',
        '{"tone":1}',
        '{"typingIndicator":1}',
        '{"typingIndicator":null}',
        '{"handoffEnabled":"true"}',
      ),
      ...each(
        'knowledge',
        '{"faq":{}}',
        '{"faq":{"a":1}}',
        '{"faq":{"0":1}}',
        '{"sources":[[],{}]}',
        '{"faq":"x"}',
        `{"faq":[${Array.from({ length: 100 }, () => '1').join(',')}]}`,
        `{"faq":[${Array.from({ length: 101 }, () => '1').join(',')}]}`,
      ),
      ...each('integrations', '{"email":0}', '{"crm":{"a":1}}', '{"crm":"x","other":[]}'),
      show,
    ],
  ],
  [
    'names within groups',
    each(
      'knowledge',
      '{"a-b":1}',
      '{"1a":1}',
      '{"":1}',
      '{"a":{"b c":1}}',
      '{"a":[{"b c":1}]}',
      '{"constructor":1,"toString":{"valueOf":2}}',
      '{"__proto__":1}',
      `{"${'x'.repeat(64)}":1}`,
      `{"${'x'.repeat(65)}":1}`,
      '{"é":1}',
      '{"themeColor":"red"}',
      '{"themeColor":"#abc"}',
      '{"a":1,"b":2,"a":3}',
    ).concat(show),
  ],
  [
    'depth and size',
    [
      ...[2, 3, 4, 5, 30, 31].map((levels) => set(`{"knowledge":${JSON.stringify(deep(levels))}}`)),
      ...[16_376, 16_377].map((length) => set(`{"knowledge":{"a":"${'x'.repeat(length)}"}}`)),
      set(`{"knowledge":{"a":"${'\\u2028'.repeat(2729)}"}}`),
      set(`{"knowledge":{"a":[${Array.from({ length: 4000 }, () => '1.0').join(',')}]}}`),
      set(`{"knowledge":{"a":[${Array.from({ length: 3000 }, () => '1e2').join(',')}]}}`),
      show,
    ],
  ],
  [
    'what is beside the settings',
    [
      set('{"csrf_token":"x","action":"y","theme":"dark"}'),
      set('{"csrf_token":"x"}'),
      set('{"other":1}'),
      set('{"other":1,"theme":"x"}'),
      set('{"0":1}'),
      set('{}'),
      { ...set('{}'), path: `${SETTINGS}?theme=dark` },
      { ...set('{"theme":"dark"}'), path: `${SETTINGS}?theme=light` },
    ],
  ],
  [
    'forms',
    [
      'greeting=+x+',
      'theme=dark&position=',
      'behavior[tone]=dry',
      'behavior[maxHistory]=1',
      'knowledge[faq][]=x&knowledge[own][7]=a&knowledge[own][3]=b',
      'knowledge[own][b]=1&knowledge[own][0]=2',
      'profile[name]=x',
      'profile[]=x',
      'greeting=%ff',
      'themeColor=%23abc',
      'greeting[]=x',
      'behavior=x',
      '',
    ]
      .map(asForm)
      .concat(
        show,
        parts(['greeting', 'in parts'], ['knowledge[own]', 'x']),
        { ...asForm('greeting=x'), method: 'PUT' },
        show,
      ),
  ],
  [
    'bodies that are none',
    ['', '[]', '{', 'null', '1', '\u00ef\u00bb\u00bf{}', `{"x":${'['.repeat(31)}${']'.repeat(31)}}`].flatMap((body) => [
      set(body),
      add(body),
      { ...reset, type: JSON_TYPE, body },
    ]),
  ],
  [
    'types of bodies',
    ['', 'text/plain', 'application/x+json', FORM, 'multipart/form-data; boundary=x'].flatMap((type) => [
      { ...set('{"theme":"dark"}'), type },
      { ...reset, type, body: '{}' },
      { ...reset, type, body: 'x' },
    ]),
  ],
  [
    'a reset with fields',
    [
      set('{"theme":"dark"}'),
      { ...reset, type: JSON_TYPE, body: '{"theme":"x","csrf_token":1}' },
      { ...reset, path: `${SETTINGS}?theme=x` },
      show,
    ],
  ],
  [
    'problem details',
    [
      { ...set('{"theme":"x"}'), headers: { Accept: 'application/problem+json' } },
      { ...reset, type: JSON_TYPE, body: '{', headers: { Accept: 'application/problem+json' } },
    ],
  ],
  ['methods that there are not', [{ method: 'PATCH', path: SETTINGS, type: JSON_TYPE, body: '{}' }]],
];

describeWithFpm('settings of a chatbot, answered by PHP and by their native twin', (fpm) => {
  describeWith('postgres', 'over a real Postgres', (postgres) => {
    let twins: NativeTwins;
    beforeAll(async () => {
      twins = await startNativeTwins(fpm, postgres);
    }, 120_000);
    afterAll(async () => twins.stop());

    const compare = async (subject: string, requests: readonly TwinRequest[]): Promise<readonly TwinAnswer[]> => {
      const said: TwinAnswer[] = [];
      const told: { request: TwinRequest; answer: TwinAnswer }[][] = [[], []];
      for (const request of requests) {
        const { php, native } = await twins.ask(subject, request);
        said.push(php);
        told[0]?.push({ request, answer: php });
        told[1]?.push({ request, answer: native });
      }
      expect(told[1]).toEqual(told[0]);
      const [left, right] = [twins.php, twins.native].map(({ data }) => data.document('settings', ownerKey(subject)));
      // Nothing was ever set, or all was reset: the same to PHP.
      expect(JSON.stringify(right ?? {})).toBe(JSON.stringify(left ?? {}));
      return said;
    };

    it.each(HAND_WRITTEN)('are told alike, byte for byte, and kept alike: %s', async (title, requests) => {
      await compare(`hand ${title}`, requests);
    });

    const mostly = (...good: readonly string[]): fc.Arbitrary<string> =>
      fc.oneof({ weight: 15, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: jsonText });
    const own = fc.constantFrom(
      '1',
      'true',
      '1.0',
      '-0.0',
      '"x"',
      '[]',
      '{}',
      '{"a":{"b":1}}',
      '{"a":{"c":[]}}',
      '[{}]',
      '{"0":1}',
    );
    const members = (known: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<string> =>
      fc
        .array(
          fc.oneof(
            ...Object.entries(known).map(([name, good]) => fc.tuple(fc.constant(name), mostly(...good))),
            fc.tuple(fc.constantFrom('own', 'a1', 'B_2'), own),
          ),
          { maxLength: 4 },
        )
        .map((some) => `{${some.map(([name, value]) => `"${name}":${value}`).join(',')}}`);
    const profile = { name: ['"D"'], role: ['"sales"'], avatar: ['null', '{"x":1.0}'] };
    const behavior = {
      tone: ['"dry"'],
      responseDelayMs: ['0', '-7'],
      typingIndicator: ['false'],
      maxHistory: ['9007199254740993'],
    };
    const knowledge = { companyName: ['"é😀\\u2028"'], faq: ['[]', '{}', '[{"q":"x"}]'], sources: ['["a"]'] };
    const integrations = { email: ['false'], calendar: ['true'], crm: ['{"a":[]}', '"x"'] };
    const settings = fc
      .tuple(
        ...(
          [
            ['greeting', mostly('"x"', '" y "', '"é😀\\u2028\\n"', 'null')],
            ['themeColor', mostly('"#abc"', '"#abcdef"')],
            ['position', mostly('"top-left"', '"bottom-right"', '""')],
            ['profile', fc.oneof(mostly('"sales"', '"general"'), members(profile))],
            ['theme', mostly('"dark"', '"light"')],
            ['language', mostly('"de"', '"en"')],
            ['behavior', members(behavior)],
            ['knowledge', members(knowledge)],
            ['integrations', members(integrations)],
          ] as const
        ).map(([name, value]: readonly [string, fc.Arbitrary<string>]) =>
          // Half of them left out.
          fc.option(
            value.map((given) => `"${name}":${given}`),
            { freq: 2 },
          ),
        ),
      )
      .map((some) => `{${some.filter((one) => one !== null).join(',')}}`);
    const step = fc.oneof(
      { weight: 6, arbitrary: settings.map(set) },
      { weight: 2, arbitrary: settings.map(add) },
      { weight: 3, arbitrary: fc.constant(show) },
      { weight: 1, arbitrary: fc.constant(reset) },
    );

    it('are told alike, byte for byte, and kept alike in 8 random lives of 30 requests', async () => {
      const lives = fc.sample(fc.array(step, { minLength: 30, maxLength: 30, size: 'max' }), {
        numRuns: 8,
        seed: 20_261_124,
      });
      const statuses = new Map<string, number>();
      for (const [index, life] of lives.entries())
        for (const [at, { status }] of (await compare(`random ${index}`, life)).entries()) {
          const kind = `${life[at]?.method} ${status}`;
          statuses.set(kind, (statuses.get(kind) ?? 0) + 1);
        }
      // Of all kinds enough, or nothing would have been compared.
      for (const kind of ['GET 200', 'PUT 200', 'PUT 422', 'POST 200', 'DELETE 200'])
        expect([kind, (statuses.get(kind) ?? 0) > 5]).toEqual([kind, true]);
    }, 120_000);

    it('are refused with 422 where PHP fails over bytes that are no UTF-8', async () => {
      const { php, native } = await twins.ask('bytes', asForm('behavior[own]=%ff'));
      expect([php.status, native.status]).toEqual([500, 422]);
      expect(JSON.parse(native.body)).toMatchObject({ validationErrors: { behavior: 'must be text in UTF-8' } });
    });
  });
});
