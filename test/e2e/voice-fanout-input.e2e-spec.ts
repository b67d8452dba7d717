import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { signIdentity } from '../../src/auth/index.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { unlimitedTable } from '../support/legacy-php.js';
import { IDENTITY_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { bearer, type Boards, FANOUT, post, startBoards } from '../support/voice-site.js';

const EVENT = { kind: 'transcript', text: 'Hello,\nDonna', at: '2026-05-12T08:00:00Z', payload: { turn: 1 } };

interface Refusal {
  readonly errorCode?: string;
  readonly validationErrors?: Readonly<Record<string, string>>;
}

const outcomeOf = (answer: CallAnswer): Refusal => answer.json() as Refusal;

describe('POST /api/voice/fanout, by what is sent and who sends it', () => {
  let boards: Boards;
  let gateway: TestGateway;

  beforeAll(async () => {
    boards = await startBoards();
    gateway = await startTestGateway({ routes: unlimitedTable(), phpTargets: [boards.origin] });
  });
  beforeEach(() => boards.reset());
  afterAll(async () => {
    await gateway.stop();
    await boards.stop();
  });

  describe('fields', () => {
    const deep = (levels: number): object => (levels === 1 ? {} : { a: deep(levels - 1) });

    it.each([
      ['no kind', { text: 'x' }, 'kind'],
      ['a kind of markup', { kind: '<b>' }, 'kind'],
      ['a kind that is too long', { kind: 'k'.repeat(65) }, 'kind'],
      ['a text that is too long', { kind: 'a', text: 'ä'.repeat(4001) }, 'text'],
      ['a text that is none', { kind: 'a', text: { a: 1 } }, 'text'],
      ['a moment that is none', { kind: 'a', at: 'then' }, 'at'],
      ['a payload that is a list', { kind: 'a', payload: [1] }, 'payload'],
      ['a payload that is too large', { kind: 'a', payload: { a: 'x'.repeat(8192) } }, 'payload'],
      ['a payload that is too deep', { kind: 'a', payload: deep(9) }, 'payload'],
      ['an id of a path', { kind: 'a', id: '../x' }, 'id'],
      ['a field that is not known', { kind: 'a', owner: 'somebody' }, 'owner'],
    ])('refuses %s', async (_what, fields, field) => {
      const answer = await post(gateway, FANOUT, fields);
      expect(answer.status).toBe(422);
      expect(Object.keys(outcomeOf(answer).validationErrors ?? {})).toEqual([field]);
      expect(boards.told).toHaveLength(0);
    });

    it('refuses a payload that no stack holds', async () => {
      const body = `{"kind":"a","payload":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`;
      const headers = { 'Content-Type': 'application/json', ...bearer() };
      const answer = await call(gateway.url, FANOUT, { method: 'POST', headers, body });
      expect([400, 422]).toContain(answer.status);
      expect(boards.told).toHaveLength(0);
    });

    it('takes all of them at their bounds', async () => {
      const fields = { kind: 'k'.repeat(64), text: 'ä'.repeat(4000), at: 1_747_036_800_000, payload: deep(8) };
      expect((await post(gateway, FANOUT, fields)).status).toBe(200);
      expect(boards.told[0]?.fields).toEqual({ action: 'voice_event', ...fields });
    });

    it('holds them even where the table names no DTO', async () => {
      const routes = unlimitedTable().replace(/input: voice\.fanout,\s+unknownFields: refuse,/, '');
      expect(routes).not.toContain('voice.fanout,');
      const lax = await startTestGateway({ routes, phpTargets: [boards.origin] });
      try {
        expect((await post(lax, FANOUT, { kind: '<b>' })).status).toBe(422);
        expect((await post(lax, FANOUT, { kind: 'a', owner: 'x' })).status).toBe(422);
        expect((await call(lax.url, FANOUT, { method: 'POST', headers: bearer(), body: 'no JSON' })).status).toBe(400);
        expect(boards.told).toHaveLength(0);
      } finally {
        await lax.stop();
      }
    });

    it('refuses 70 kB', async () => {
      expect((await post(gateway, FANOUT, { kind: 'a', text: 'x'.repeat(70_000) })).status).toBe(413);
    });
  });

  describe('from a signed internal call', () => {
    const body = JSON.stringify(EVENT);
    const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url');
    const signed = (
      path = FANOUT,
      digest: string | undefined = digestOf(body),
      secret = IDENTITY_SECRET,
      method = 'POST',
    ): string => signIdentity(secret, 'internal', method, path, { bodyDigest: digest });
    const sendAs = (assertion: string, text = body, more: Record<string, string> = {}): Promise<CallAnswer> =>
      call(gateway.url, FANOUT, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Gateway-Identity': assertion, ...more },
        body: text,
      });

    it('delivers in the name of the gateway, and once: a replay changes nothing, whatever key it brings', async () => {
      const assertion = signed();
      expect((await sendAs(assertion)).status).toBe(200);
      expect((await sendAs(assertion)).status).toBe(200);
      expect((await sendAs(assertion, body, { 'Idempotency-Key': 'another' })).status).toBe(200);
      expect(boards.told).toHaveLength(3);
      const [, payload = ''] = String(boards.told[0]?.headers['x-gateway-identity']).split('.');
      expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ via: 'internal' });
    });

    it.each([
      ['nobody', () => 'x'],
      ['another secret', () => signed(FANOUT, digestOf(body), 'another-secret-0123456789abcdefghijkl')],
      ['another path', () => signed('/api/internal/documents.php')],
      ['another method', () => signed(FANOUT, digestOf(body), IDENTITY_SECRET, 'PUT')],
      ['another body', () => signed(FANOUT, digestOf('{}'))],
      ['no body', () => signIdentity(IDENTITY_SECRET, 'internal', 'POST', FANOUT)],
      [
        'a person',
        () => signIdentity(IDENTITY_SECRET, { subject: 'eve', roles: ['admin'], via: 'jwt' }, 'POST', FANOUT),
      ],
      ['nobody in particular', () => signIdentity(IDENTITY_SECRET, 'anonymous', 'POST', FANOUT)],
      ['a signature cut short', () => signed().slice(0, -1)],
      ['more parts', () => `${signed()}.x`],
    ])('refuses one that is signed for %s', async (_what, make) => {
      const answer = await sendAs(make());
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer realm="donna"']);
      expect(boards.told).toHaveLength(0);
    });
  });

  it('is for nobody who is nobody, nor for a page of another site', async () => {
    const plain = { 'Content-Type': 'application/json' };
    expect((await post(gateway, FANOUT, EVENT, plain)).status).toBe(401);
    expect((await post(gateway, FANOUT, EVENT, { ...bearer(), Authorization: 'Bearer x.y.z' })).status).toBe(401);
    const foreign = { ...bearer(), Origin: 'https://attacker.example' };
    expect(outcomeOf(await post(gateway, FANOUT, EVENT, foreign)).errorCode).toBe('ORIGIN_DENIED');
    expect(boards.told).toHaveLength(0);
  });
});
