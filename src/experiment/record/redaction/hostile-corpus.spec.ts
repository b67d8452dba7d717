import { describe, expect, it } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Exchange, traceFrom } from '../../../trace/index.js';
import { printFixture } from '../fixture-file.js';
import { redactAnswer } from '../redact-answer.js';
import { toRecordedRequest } from '../to-recorded-request.js';
import { isServerText } from './server-text.js';
import { Redactor } from './redactor.js';
import { StandIns } from './stand-ins.js';

/** Personal data in the scripts and spellings of many; none of it may be in a file, nor any part of it that tells. */
const PERSONAL = [
  'Alice Smith',
  'alice',
  'O’Brien',
  'Zoë Müller',
  'Łukasz Żółć',
  'Иван Петров',
  '山田太郎',
  'محمد علي',
  'שרה כהן',
  'नेहा शर्मा',
  'alice.smith@example.com',
  'Alice <alice.smith@example.com>',
  'почта@пример.рф',
  '"a b"@example.org',
  'alice%40example.com',
  '+49 170 1234567',
  '0170-1234567',
  '(030) 901820',
  '00491701234567',
  '+1.555.010.0199',
  'DE89370400440532013000',
  '4111 1111 1111 1111',
  '4111111111111111',
  '078-05-1120',
  'A12345678',
  '12 Harley Street, London',
  'Musterstraße 5\n10115 Berlin',
  '東京都千代田区1-1',
  '52.520008, 13.404954',
  '1985-12-31',
  '31.12.1985',
  '1985-12-31T10:00:00Z',
  '192.0.2.77',
  '2001:db8::77',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl',
  'sk-live-0123456789abcdefghij',
  'hunter2',
  'Bearer abcdef0123456789',
  'alice_0123456789abcdef',
  'smith-19851231',
  'https://alice.example/profile',
  'Diagnosis: asthma',
  'active and pregnant',
  '{{user:1}} Alice',
  '<b>Alice</b>',
  '\u202eecilA',
  '\u0000Alice',
  'ACTIVE',
  'Signed in as alice',
];
/** What may be left of any of them would tell. */
const FRAGMENTS = [
  'alice',
  'smith',
  'brien',
  'müller',
  'łukasz',
  'иван',
  '山田',
  'محمد',
  'שרה',
  'नेहा',
  'example.com',
  'example.org',
  'почта',
  '1234567',
  '901820',
  '89370400',
  '4111',
  '078-05',
  'a12345',
  'harley',
  'muster',
  '東京',
  '52.52',
  '1985',
  '192.0.2',
  '2001:db8',
  'eyj',
  'sk-live',
  'hunter',
  'abcdef',
  'asthma',
  'pregnant',
  'ecila',
];

function fixtureOf(
  request: {
    path: string;
    search?: string;
    method?: string;
    headers?: Record<string, string>;
    body?: string;
    subject?: string;
  },
  answer: { status: number; body: unknown; headers?: [string, string][] },
): string {
  const req = new IncomingMessage(new Socket());
  req.method = request.method ?? 'POST';
  req.headers = { 'content-type': 'application/json', ...request.headers };
  const exchange = new Exchange(req, new ServerResponse(req), traceFrom(undefined, undefined));
  Object.assign(exchange, { path: request.path, search: request.search ?? '' });
  if (request.body !== undefined) exchange.body = Buffer.from(request.body);
  if (request.subject !== undefined)
    exchange.identity = {
      subject: request.subject,
      roles: ['user'],
      via: 'jwt',
      email: 'alice.smith@example.com',
      name: 'Alice Smith',
    };
  const redactor = new Redactor(new StandIns());
  const recorded = toRecordedRequest(exchange, redactor, { status: answer.status, hashKey: 'key' });
  const redacted = redactAnswer(
    {
      status: answer.status,
      headers: answer.headers ?? [['content-type', 'application/json']],
      contentType: 'application/json',
      body: Buffer.from(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)),
      ms: 1,
    },
    redactor,
  );
  const fixture = {
    recording: 'r',
    seq: 1,
    route: 'route',
    action: undefined,
    at: '2026-01-01',
    request: recorded,
    answer: redacted ?? { status: answer.status, headers: [] },
  };
  return printFixture({ ...fixture, variables: {}, shown: { keep: [], fields: [] } }, redactor.standIns.variables).text;
}

function expectNothingPersonal(text: string): void {
  const bare = [text, decodeAll(text), JSON.stringify(JSON.parse(text))].join('\n').toLowerCase();
  expect(FRAGMENTS.filter((fragment) => bare.includes(fragment))).toEqual([]);
}

function decodeAll(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (coded) => Buffer.from(coded.replaceAll('%', ''), 'hex').toString('utf8'));
}

describe('what a recording keeps of personal data', () => {
  // Names that the rules know, some whose values they may keep, and some that they have never heard of.
  const NAMES = [
    'title',
    'message',
    'status',
    'action',
    'category',
    'language',
    'themeColor',
    'count',
    'version',
    'id',
    'user_id',
    'errorCode',
    'metadata',
    'data',
    'name',
    'email',
    'created_at',
    'password',
    'access_token',
    'csrf_token',
    'something',
    'x-unknown',
    'time',
  ];

  it.each(PERSONAL)('is nothing of %j, whatever field of the request it is in', (value) => {
    const fields = Object.fromEntries(NAMES.map((name) => [name, value]));
    const nested = { ...fields, metadata: { ...fields, deep: [fields, value] }, [value]: value };
    const search = `?${NAMES.map((name) => `${name}=${encodeURIComponent(value)}`).join('&')}&${encodeURIComponent(value)}=1`;
    expectNothingPersonal(
      fixtureOf(
        {
          path: `/files/${encodeURIComponent(value)}/x.php`,
          search,
          body: JSON.stringify(nested),
          subject: 'alice_0123456789abcdef',
        },
        { status: 200, body: { success: true } },
      ),
    );
    expectNothingPersonal(
      fixtureOf(
        {
          path: '/',
          body: NAMES.map((name) => `${name}=${encodeURIComponent(value)}`).join('&'),
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            accept: 'alice/alice',
            authorization: `Bearer ${encodeURI(value)}`,
          },
        },
        { status: 401, body: { success: false } },
      ),
    );
  });

  it.each(PERSONAL)('is nothing of %j, wherever in the answer it is', (value) => {
    const fields = Object.fromEntries(NAMES.map((name) => [name, value]));
    const body = {
      ...fields,
      data: [{ ...fields, [value]: value }, value],
      error: value,
      message: `Hello ${value}`,
      validationErrors: { [value]: value },
    };
    const header = encodeURI(value);
    const headers: [string, string][] = [
      ['Content-Type', `application/json; name=${header}`],
      ['Location', `https://${header}/users/${header}?email=${header}`],
      ['Set-Cookie', `session=${header}; Path=/; Domain=${header}; Comment=${header}`],
      ['Set-Cookie', `${header}=1`],
      ['ETag', header],
      ['Content-Disposition', `attachment; filename="${header}.pdf"`],
      ['WWW-Authenticate', `Bearer realm="${header}"`],
      ['Allow', header],
      ['Cache-Control', header],
      ['X-User', header],
    ];
    expectNothingPersonal(fixtureOf({ path: '/x.php', body: '{}' }, { status: 200, body, headers }));
    expectNothingPersonal(
      fixtureOf({ path: '/x.php', body: value }, { status: 200, body: `<p>${value}</p>`, headers }),
    );
  });

  it.each([49_170_123_456, 4111111111111111, 19851231, 52.520008])('is nothing of the number %d', (value) => {
    const fields = Object.fromEntries(NAMES.map((name) => [name, value]));
    const text = fixtureOf({ path: '/x.php', body: JSON.stringify(fields) }, { status: 200, body: { data: fields } });
    expect(text).not.toContain(String(value));
  });

  it('is the shape of the contract: names, enumerations, booleans, amounts, and what a server says by itself', () => {
    const answer = {
      success: true,
      message: 'Conversation created.',
      data: {
        status: 'active',
        message_count: 3,
        theme: 'dark',
        themeColor: '#2f6f8f',
        title: 'Alice Smith',
        starred: false,
      },
      validationErrors: { title: 'must have 1 to 200 characters' },
    };
    const { answer: kept } = JSON.parse(fixtureOf({ path: '/x.php' }, { status: 422, body: answer })) as {
      answer: { body: unknown };
    };
    expect(kept.body).toEqual({
      json: { ...answer, data: { ...answer.data, title: expect.stringMatching(/^text 1/) } },
    });
  });

  it.each([
    ['Conversation created.', true],
    ['This conversation was not found.', true],
    ['must be a day such as 2025-05-13', true],
    ['The body is larger than the 65536 bytes that this address accepts.', true],
    ['Conversation of alice created.', false],
    ['Call 0170 1234567', false],
    ['Call 030 90182', false],
    ['The message was sent to 555 0199.', false],
    ['Call 4711', false],
    ['Your code is 48213.', false],
    ['4821 is the code for the sign in.', false],
    ['The message must have 1 to 4000 characters.', true],
    ['Signed in as Алиса', false],
    ['', false],
  ])('takes %j for the words of a server: %s', (text, isOne) => {
    expect(isServerText(text)).toBe(isOne);
  });

  it('never throws, whatever a body is', () => {
    for (const body of [
      '',
      '{',
      '[]',
      'null',
      '"x"',
      '{"a":1}{"b":2}',
      '\ufeff{}',
      '['.repeat(5000),
      '{"__proto__":{"alice":"alice"}}',
      '\xff',
    ])
      expectNothingPersonal(fixtureOf({ path: '/x.php', body }, { status: 200, body }));
  });
});
