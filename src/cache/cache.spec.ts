import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CachePolicy, loadRouteTable, RouteTableError } from '../routing/index.js';
import { readCacheControl, secondsOf } from './cache-control.js';
import { isUnchanged } from './conditional.js';
import { type FreshnessFields, lifetimeOf } from './freshness.js';
import { Generations } from './generations.js';
import { MemoryStore } from './memory-store.js';
import { AnswerSeal } from './sealed-answer.js';
import type { StoredAnswer } from './stored-answer.js';

const POLICY: CachePolicy = {
  ttlS: 100,
  vary: 'public',
  cacheControl: 'honour',
  staleWhileRevalidateS: 20,
  staleIfErrorS: 30,
  negativeTtlS: 5,
  tags: [],
  key: { headers: [], body: undefined },
};
const NOW = Date.parse('Mon, 23 Nov 2026 12:00:00 GMT');
const at = (offsetS: number): string => new Date(NOW + offsetS * 1000).toUTCString();
const lifetime = (fields: Partial<FreshnessFields>, policy: Partial<CachePolicy> = {}, isNegative = false) =>
  lifetimeOf(
    { ...POLICY, ...policy },
    { cacheControl: undefined, expires: undefined, pragma: undefined, date: undefined, age: undefined, ...fields },
    { askedAt: NOW - 2000, answeredAt: NOW },
    isNegative,
  );
const STORED: StoredAnswer = {
  status: 200,
  statusText: 'OK',
  headers: ['ETag', '"a"', 'X', 'ü'],
  etag: '"a"',
  modifiedAt: undefined,
  before: Buffer.from('{"traceId":'),
  after: Buffer.from('}'),
  bornAt: NOW,
  freshS: 10,
  revalidateS: 10,
  errorS: 10,
  generation: '',
};

describe('how long an answer is fresh (RFC 9111, section 4.2)', () => {
  it.each<readonly [string, Partial<FreshnessFields>, number | undefined]>([
    ['nothing said: the policy', {}, 100],
    ['max-age', { cacheControl: 'max-age=40' }, 40],
    ['more than the policy allows', { cacheControl: 'max-age=4000' }, 100],
    ['s-maxage before max-age', { cacheControl: 'max-age=10, s-maxage=60' }, 60],
    ['the smaller of two', { cacheControl: 'max-age=10, max-age=60' }, 10],
    ['in quotes', { cacheControl: 'max-age="30"' }, 30],
    ['in capitals, among unknown ones', { cacheControl: 'Public, Foo="a, max-age=9", MAX-AGE=30' }, 30],
    ['Expires from Date', { expires: at(50), date: at(-5) }, 55],
    ['Expires without Date', { expires: at(50) }, 50],
    ['max-age before Expires', { expires: at(-50), cacheControl: 'max-age=40' }, 40],
    ['Expires: 0', { expires: '0' }, undefined],
    [
      'what PHP sessions say',
      { expires: 'Thu, 19 Nov 1981 08:52:00 GMT', cacheControl: 'no-store, no-cache' },
      undefined,
    ],
    ['max-age without a number', { cacheControl: 'max-age=soon' }, undefined],
    ['no-store', { cacheControl: 'max-age=40, no-store' }, undefined],
    ['no-cache with fields', { cacheControl: 'no-cache="Set-Cookie", max-age=40' }, undefined],
    ['private, for all', { cacheControl: 'private, max-age=40' }, undefined],
    ['Pragma alone', { pragma: 'no-cache' }, undefined],
    ['Pragma beside Cache-Control', { pragma: 'no-cache', cacheControl: 'max-age=40' }, 40],
    ['a field too long to read', { cacheControl: `max-age=40, x="${'y'.repeat(2000)}"` }, undefined],
    ['stale on arrival', { cacheControl: 'max-age=40, must-revalidate', age: '40' }, undefined],
  ])('%s', (_name, fields, freshS) => {
    expect(lifetime(fields)?.freshS).toBe(freshS);
  });

  it.each<readonly [string, Partial<FreshnessFields>, number]>([
    ['none', {}, 0],
    ['Age and the time of the call', { age: '10' }, 12],
    ['Date, which is cut to the second', { date: at(-30) }, 29],
    ['the greater of both', { date: at(-30), age: '40' }, 42],
    ['a Date of the future', { date: at(30) }, 0],
    ['no number', { age: 'old' }, 0],
  ])('and its age on arrival: %s', (_name, fields, ageS) => {
    expect(lifetime(fields)?.ageS).toBe(ageS);
  });

  it('and how long after that it is still of use (RFC 5861)', () => {
    const of = (cacheControl: string | undefined, policy: Partial<CachePolicy> = {}) => {
      const found = lifetime({ cacheControl }, policy);
      return [found?.freshS, found?.revalidateS, found?.errorS];
    };
    expect(of('max-age=10')).toEqual([10, 30, 40]);
    expect(of('max-age=10, stale-while-revalidate=5, stale-if-error=600')).toEqual([10, 15, 40]);
    for (const directive of ['must-revalidate', 'proxy-revalidate', 's-maxage=10'])
      expect(of(`max-age=10, ${directive}`)).toEqual([10, 10, 10]);
    expect(of('no-store', { cacheControl: 'override' })).toEqual([100, 120, 130]);
    expect(lifetime({ cacheControl: 'private, max-age=40' }, { vary: 'identity' })?.freshS).toBe(40);
  });

  it('bounds what is not there by its own number', () => {
    expect(lifetime({}, {}, true)).toEqual({ ageS: 0, freshS: 5, revalidateS: 5, errorS: 5 });
    expect(lifetime({}, { negativeTtlS: 0 }, true)).toBeUndefined();
  });

  it('never exceeds the policy, whatever is said', () => {
    const directive = fc.constantFrom('max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error', 'public', 'x');
    const value = fc.oneof(fc.nat().map(String), fc.constantFrom('', '-1', '1e9', '"', '99999999999999999999'));
    fc.assert(
      fc.property(fc.array(fc.tuple(directive, value), { maxLength: 6 }), fc.string(), (said, expires) => {
        const found = lifetime({ cacheControl: said.map((pair) => pair.join('=')).join(','), expires });
        expect(found?.freshS ?? 0).toBeLessThanOrEqual(100);
        expect(found?.revalidateS ?? 0).toBeLessThanOrEqual(120);
        expect(found?.errorS ?? 0).toBeLessThanOrEqual(130);
      }),
    );
  });

  it('reads a directive without a number as 0, and one that is not there as none', () => {
    const directives = readCacheControl('max-age, min-fresh=x');
    expect([secondsOf(directives, 'max-age'), secondsOf(directives, 'min-fresh'), secondsOf(directives, 'x')]).toEqual([
      0,
      0,
      undefined,
    ]);
  });
});

describe('a condition', () => {
  it.each([
    ['"a"', true],
    ['W/"a"', true],
    ['"b", W/"a"', true],
    ['*', true],
    ['"b"', false],
    ['a', false],
    ['', false],
    [`"a"${', "b"'.repeat(3000)}`, false],
  ])('If-None-Match: %s', (field, unchanged) => {
    expect(isUnchanged({ 'if-none-match': field }, STORED)).toBe(unchanged);
    // It stands before the date (RFC 9110, section 13.2.2).
    const dated = { ...STORED, modifiedAt: 0 };
    expect(isUnchanged({ 'if-none-match': field, 'if-modified-since': at(0) }, dated)).toBe(unchanged);
  });

  it('If-Modified-Since holds against what the application said, and nothing else', () => {
    const since = { 'if-modified-since': at(0) };
    expect(isUnchanged(since, { ...STORED, modifiedAt: NOW })).toBe(true);
    expect(isUnchanged(since, { ...STORED, modifiedAt: NOW + 1000 })).toBe(false);
    expect(isUnchanged(since, STORED)).toBe(false);
    expect(isUnchanged({ 'if-none-match': '*' }, { ...STORED, status: 404 })).toBe(false);
  });
});

describe('what is kept outside of the process', () => {
  it('comes back as it was, and only under its key and secret', () => {
    const seal = new AnswerSeal('one secret');
    const sealed = seal.close('key', STORED);
    expect(sealed.includes('traceId')).toBe(false);
    expect(seal.open('key', sealed)).toEqual(STORED);
    expect(seal.open('key', seal.close('key', { ...STORED, after: undefined }))).toEqual({
      ...STORED,
      after: undefined,
    });
    expect(seal.open('another', sealed)).toBeUndefined();
    expect(new AnswerSeal('another secret').open('key', sealed)).toBeUndefined();
    for (let i = 0; i < sealed.length; i += 7) {
      const changed = Buffer.from(sealed);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(seal.open('key', changed)).toBeUndefined();
      expect(seal.open('key', sealed.subarray(0, i))).toBeUndefined();
    }
  });
});

describe('the memory', () => {
  it('holds so many bytes, and lets go of what was not used for longest', () => {
    let evicted = 0;
    const store = new MemoryStore(64 * 1024, () => (evicted += 1));
    const large = { ...STORED, before: Buffer.alloc(4096) };
    for (let i = 0; i < 100; i++) {
      store.set(`key ${i}`, large, NOW);
      store.get('key 0');
      expect(store.bytes).toBeLessThanOrEqual(64 * 1024);
    }
    expect(store.get('key 0')).toBe(large);
    expect(store.get('key 1')).toBeUndefined();
    expect(evicted).toBe(100 - store.count);
    store.set('too large', { ...STORED, before: Buffer.alloc(store.maxEntryBytes) }, NOW);
    expect(store.get('too large')).toBeUndefined();
    store.set('over', STORED, NOW + 11_000);
    expect(store.get('over')).toBeUndefined();
  });
});

describe('generations', () => {
  it('differ once any of the tags was voided, for every set of tags that holds it', () => {
    const values = new Map<string, string>();
    const generations = new Generations({
      get: (key) => values.get(key),
      set: (key, value) => {
        values.set(key, value);
        return Promise.resolve();
      },
      catchUp: () => Promise.resolve(),
    });
    const [a, b] = [generations.of(['x', 'y']), generations.of(['z'])];
    generations.void(['y']);
    expect(generations.of(['x', 'y'])).not.toBe(a);
    expect(generations.of(['z'])).toBe(b);
    for (let i = 0; i < 50_000; i++) generations.void([`flood ${i}`]);
    expect(values.size).toBeLessThanOrEqual(4096);
  });
});

describe('a cache policy in the route table', () => {
  const CACHE = 'cache: { ttlS: 5, vary: public, tags: [things] }';
  const table = (policies: string, methods = 'GET, POST', defaults = ''): string => `${defaults}
upstreams: { php: { targets: ['http://127.0.0.1:1'] } }
policies: { authorization: { public: {}, user: { anyOf: [jwt] }, guest: { anyOf: [jwt], optional: true } } }
routes:
  a:
    match: { path: /a, methods: [${methods}] }
    upstream: php
    policies: { ${policies} }
`;
  const load = (text: string) =>
    loadRouteTable(text, { file: 'routes.yaml', phpTargets: [], handlers: new Set(), dtos: new Set() });
  const faultsOf = (text: string): readonly string[] => {
    try {
      load(text);
    } catch (error) {
      if (!(error instanceof RouteTableError)) throw error;
      return error.faults.map(({ line, where, problem }) => `${line} ${where}: ${problem}`);
    }
    return [];
  };

  it('is honest by default: what the application says counts, and nothing stale is served', () => {
    const { routes } = load(table(`authorization: public, ${CACHE}, invalidates: [things]`));
    expect(routes[0]?.policies).toMatchObject({
      cache: { cacheControl: 'honour', staleWhileRevalidateS: 0, staleIfErrorS: 0, negativeTtlS: 0, tags: ['things'] },
      invalidates: ['things'],
    });
    expect(load(table('authorization: public')).routes[0]?.policies.cache).toBeUndefined();
  });

  it.each<readonly [string, string, RegExp]>([
    [
      'nobody to vary by',
      table('authorization: public, cache: { ttlS: 5, vary: identity }'),
      /^8 routes\.a\.policies\.cache\.vary: needs an authorization policy/,
    ],
    [
      'one answer for callers who are known',
      table('authorization: user, cache: { ttlS: 5, vary: public }'),
      /^8 .*vary: is for routes whose/,
    ],
    [
      'one answer for callers who may be known',
      table('authorization: guest, cache: { ttlS: 5, vary: public }'),
      /^8 .*vary: is for routes whose/,
    ],
    [
      'the application’s own CORS',
      table(`authorization: public, cors: upstream, ${CACHE}`),
      /^8 .*cache: needs `cors: gateway`/,
    ],
    [
      'the application’s own security headers',
      table(`authorization: public, securityHeaders: upstream, ${CACHE}`),
      /^8 .*cache: needs/,
    ],
    [
      'the end of a session',
      table(`authorization: public, endsSession: true, ${CACHE}`),
      /^8 .*cache: cannot stand beside `endsSession`/,
    ],
    ['a route that nobody reads', table(`authorization: public, ${CACHE}`, 'POST'), /^8 .*cache: keeps answers to GET/],
    [
      'the key of a POST that there is none of',
      table('authorization: public, cache: { ttlS: 5, vary: public, key: { body: [a] } }', 'GET'),
      /^8 .*`key\.body` is of a POST/,
    ],
    [
      'a POST that reads and writes',
      table('authorization: public, cache: { ttlS: 5, vary: public, tags: [t], key: { body: [a] } }, invalidates: [t]'),
      /^8 .*says that a POST reads/,
    ],
    [
      'a tag by a caller whom nobody knows',
      table("authorization: public, cache: { ttlS: 5, vary: public, tags: ['t:{subject}'] }"),
      /^8 .*tags: {subject} needs/,
    ],
    [
      'the tag of everything',
      table("authorization: public, cache: { ttlS: 5, vary: public, tags: ['*'] }"),
      /^8 .*tags: "\*" is what everything has/,
    ],
    [
      'a tag that nobody keeps',
      table('authorization: public, invalidates: [thing]'),
      /^8 .*invalidates: no route keeps anything under the tag "thing"/,
    ],
    [
      'a write that is none',
      table(`authorization: public, ${CACHE}, invalidates: [things]`, 'GET'),
      /^8 .*invalidates: stands at a route that changes nothing/,
    ],
    [
      'a field that is in the key already',
      table('authorization: public, cache: { ttlS: 5, vary: public, key: { headers: [cookie] } }'),
      /^8 .*headers: "cookie" cannot be/,
    ],
    ['no life', table('authorization: public, cache: { vary: public }'), /^8 .*ttlS/],
    ['a life without end', table('authorization: public, cache: { ttlS: 864000, vary: public }'), /^8 .*ttlS/],
    [
      'a default',
      table('authorization: public', 'GET', `defaults: { ${CACHE} }`),
      /^1 defaults\.cache: is a matter of each route/,
    ],
  ])('is refused with its line: %s', (_name, text, fault) => {
    expect(faultsOf(text)).toEqual([expect.stringMatching(fault)]);
  });
});
