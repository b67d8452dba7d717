import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { expectCpuBelow } from '../../test/support/cpu-time.js';
import { KEY_SHAPES, KEY_SHAPES_BUT_IN_PAGES } from './key-shapes.js';
import { PatternSet } from './pattern-set.js';
import { LiteralPattern } from './secret-pattern.js';
import { SecretScan } from './secret-scan.js';
import { spellingsOf } from './spellings.js';

const SECRET = 'Zq0w.Nf8/cX5+vB2"mL7k';
const own = spellingsOf(SECRET).map((spelling) => new LiteralPattern('OWN', spelling));
const patterns = new PatternSet([...own, ...KEY_SHAPES, ...KEY_SHAPES_BUT_IN_PAGES]);
const body = (length: number): string => 'q8Wf3LxZ0vN5bT7yH2kR9mC4dJ6gP1sEuA'.repeat(4).slice(0, length);
/** Put together here, so that no scanner of source code takes this file for a leak. */
const KEYS: readonly (readonly [string, string])[] = [
  ['OpenAI key', `${'sk'}-${body(48)}`],
  ['OpenAI key', `${'sk'}-proj-${body(60)}`],
  ['OpenAI key', `${'sk'}-svcacct-${body(60)}`],
  ['Anthropic key', `${'sk'}-ant-api03-${body(95)}`],
  ['ElevenLabs key', `${'sk'}_${'0123456789abcdef'.repeat(3)}`],
  ['Telnyx key', `${'KEY'}0${'19A6F3B27C4E5D8'.repeat(3).slice(0, 31)}_${body(22)}`],
  ['Stripe key', `${'sk'}_live_${body(24)}`],
  ['AWS access key', `${'AKIA'}IOSFODNN7QRSTUV2`],
  ['GitHub token', `${'ghp'}_${body(36)}`],
  ['GitHub token', `${'github'}_pat_${body(59)}`],
  ['GitLab token', `${'glpat'}-${body(20)}`],
  ['Slack token', `${'xoxb'}-123456789012-${body(24)}`],
  ['SendGrid key', `${'SG'}.${body(22)}.${body(43)}`],
  ['Google API key', `${'AIza'}${body(35)}`],
  ['Hugging Face token', `${'hf'}_${'aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH'}`],
  ['private key', `${'-----BEGIN'} PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC`],
  ['private key', `${'-----BEGIN'} RSA PRIVATE KEY-----\\r\\nMIIEpAIBAAKCAQEA`],
  ['private key', `${'-----BEGIN'} OPENSSH PRIVATE KEY-----%0Ab3BlbnNzaC1rZXktdjEAAAAA`],
  ['private key', `${'-----BEGIN'} RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED`],
];

function find(text: string | Buffer): string | undefined {
  return patterns.search(Buffer.from(text), Buffer.alloc(0), true).pattern?.name;
}

/** Passes bytes through a search in pieces cut at these places; tells what came out and what was found. */
function pass(bytes: Buffer, cuts: readonly number[]): { readonly out: Buffer; readonly found: string | undefined } {
  const scan = new SecretScan(patterns);
  const out: Buffer[] = [];
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  for (let i = 1; i < places.length; i++) out.push(Buffer.from(scan.push(bytes.subarray(places[i - 1], places[i]))));
  out.push(Buffer.from(scan.end()));
  return { out: Buffer.concat(out), found: scan.found };
}

const filler = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.constantFrom(
    'task-',
    'sk-',
    'sk',
    '-----BEGIN ',
    '-----',
    'KEY0',
    'AKIA',
    SECRET.slice(0, 12),
    ' ',
    '"key":"',
    '\\n',
    '%22',
  ),
);
const text = fc.array(filler, { maxLength: 12 }).map((parts) => parts.join(''));
const cuts = fc.array(fc.nat({ max: 2000 }), { maxLength: 30 });

describe('the search for secrets', () => {
  it.each(KEYS)('knows a %s by its shape', (name, key) => {
    for (const before of ['', ' ', '"', '=', ':', '\\n', '\\u0022', '%22', '>', '\n'])
      expect([before, find(`${before}${key}"`)]).toEqual([before, name]);
    expect(find(`"${key}`)).toBe(name);
    expect(find(`"${key.slice(0, 12)}"`)).toBeUndefined();
  });

  it.each(KEYS.filter(([name]) => name !== 'private key'))('a %s is none within a word', (_name, key) => {
    expect(find(`disk${key}`)).not.toBe(_name);
  });

  it('leaves what no pattern is in as it is, wherever it is cut', () => {
    fc.assert(
      fc.property(text, cuts, (plain, at) => {
        const bytes = Buffer.from(plain);
        fc.pre(find(bytes) === undefined);
        const { out, found } = pass(bytes, at);
        expect([found, out.equals(bytes)]).toEqual([undefined, true]);
      }),
    );
  });

  it('finds the same in pieces as in one, and nothing of it comes out', () => {
    fc.assert(
      fc.property(
        text,
        fc.constantFrom(...KEYS, ['OWN', SECRET] as const),
        text,
        cuts,
        (before, [, key], after, at) => {
          fc.pre(find(before) === undefined);
          const bytes = Buffer.from(`${before} ${key} ${after}`);
          const { out, found } = pass(bytes, at);
          expect(found).toBeDefined();
          const free = Buffer.byteLength(`${before} `);
          expect([bytes.subarray(0, out.length).equals(out), out.length <= free]).toEqual([true, true]);
        },
      ),
    );
  });

  it('finds a secret split between any two bytes, in each of its spellings, in single bytes too', () => {
    for (const spelling of spellingsOf(SECRET)) {
      const bytes = Buffer.concat([Buffer.from('x '), spelling, Buffer.from(' y')]);
      for (let at = 0; at < bytes.length; at++) {
        expect(pass(bytes, [at])).toMatchObject({ found: 'OWN' });
      }
      const single = pass(bytes, [...bytes.keys()]);
      expect([single.found, single.out.toString()]).toEqual(['OWN', 'x ']);
    }
  });

  it('keeps nothing back of what cannot become a secret', () => {
    const scan = new SecretScan(patterns);
    for (const event of ['data: {"a":1}\n\n', 'data: sk-\n\n', 'data: task\n\n', 'data: -----BEGIN\n\n', 'the disk'])
      expect(scan.push(Buffer.from(event)).toString()).toBe(event);
    expect(scan.push(Buffer.from(' sk-')).toString()).toBe(' ');
    expect(scan.push(Buffer.from('learn')).toString()).toBe('');
    expect(scan.push(Buffer.from(' is fine')).toString()).toBe('sk-learn is fine');
  });

  it('keeps little back whatever comes', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), (chunks) => {
        const scan = new SecretScan(patterns);
        let given = 0;
        let got = 0;
        for (const chunk of chunks) {
          given += Buffer.byteLength(chunk);
          got += scan.push(Buffer.from(chunk)).length;
          if (scan.found !== undefined) return;
          expect(given - got).toBeLessThan(192);
        }
      }),
    );
  });

  it('takes a mebibyte of near misses in bounded time', () => {
    for (const unit of ['-', 'sk-', `sk-${body(31)}-`, '-----BEGIN RSA ', `"${SECRET.slice(0, -1)}`]) {
      const bytes = Buffer.alloc(1024 * 1024, unit);
      expectCpuBelow(4000, () => expect(find(bytes)).toBeUndefined());
    }
  });
});
