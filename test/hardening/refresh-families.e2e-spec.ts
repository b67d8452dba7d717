import { describe, expect, it } from '@jest/globals';
import { RefreshFamilies } from '../../src/features/auth-token/refresh-families.store.js';
import { parseRefreshToken, type RefreshToken } from '../../src/features/auth-token/refresh-token.js';
import { MAX_SESSIONS } from '../../src/features/auth-token/subject-sessions.js';
import { MemoryState } from '../../src/state/memory-state.js';
import { type SharedState, StateUnavailableError } from '../../src/state/index.js';
import { eventually } from '../support/eventually.js';

/** A state whose answers take a while and come in any order, and which tells all that it was given. */
class SlowState extends MemoryState {
  readonly seen: string[] = [];
  isGone = false;

  private async late<T>(work: () => Promise<T>): Promise<T> {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    if (this.isGone) throw new StateUnavailableError();
    const result = await work();
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    return result;
  }
  override get = (...args: Parameters<SharedState['get']>) => this.late(() => super.get(...args));
  override delete = (...args: Parameters<SharedState['delete']>) => this.late(() => super.delete(...args));
  override set = (...args: Parameters<SharedState['set']>) => {
    this.seen.push(args.join(' '));
    return this.late(() => super.set(...args));
  };
  override add = (...args: Parameters<SharedState['add']>) => {
    this.seen.push(args.join(' '));
    return this.late(() => super.add(...args));
  };
  override swap = (...args: Parameters<SharedState['swap']>) => {
    this.seen.push(args.join(' '));
    return this.late(() => super.swap(...args));
  };
}

describe('two gateways over one state', () => {
  const LIFE_MS = 60_000;
  const key = Buffer.alloc(32, 7);
  const parse = (text: string): RefreshToken => {
    const token = parseRefreshToken(text);
    if (token === undefined) throw new Error('not a refresh token');
    return token;
  };
  const pair = () => {
    const state = new SlowState();
    return { state, a: new RefreshFamilies(state, key, LIFE_MS), b: new RefreshFamilies(state, key, LIFE_MS) };
  };

  it('agree on one successor, whoever of them is asked', async () => {
    const { a, b } = pair();
    for (let round = 0; round < 20; round++) {
      let { token } = await a.begin('u', '');
      for (let step = 0; step < 3; step++) {
        const results = await Promise.all([a, b, a, b].map((gateway) => gateway.rotate(parse(token))));
        const next = new Set(results.map((result) => (typeof result === 'string' ? result : result.token)));
        expect([...next]).toEqual([expect.stringMatching(/^dgr1_/)]);
        [token = ''] = next;
      }
    }
  });

  it('never leave a chain alive whose used token came again meanwhile', async () => {
    for (let round = 0; round < 30; round++) {
      const { a, b } = pair();
      const { token: r0, sessionId } = await a.begin('u', '');
      const r1 = await a.rotate(parse(r0));
      const r2 = typeof r1 === 'string' ? r1 : await b.rotate(parse(r1.token));
      if (typeof r2 === 'string') throw new Error(r2);
      // The thief shows the first token at one gateway while the victim uses his at the other.
      const [, victim] = await Promise.all([
        a.look(parse(r0)).then((standing) => {
          expect(standing).toBe('reused');
          return a.end(sessionId);
        }),
        b.rotate(parse(r2.token)),
      ]);
      const last = typeof victim === 'string' ? r2.token : victim.token;
      expect(await a.look(parse(last))).toBe('unknown');
      expect(await b.rotate(parse(last))).toBe('unknown');
    }
  });

  it('keep to the bound when one person signs in at both at once', async () => {
    const { a, b } = pair();
    const begun = await Promise.all(Array.from({ length: 30 }, (_, i) => (i % 2 === 0 ? a : b).begin('u', '')));
    const standings = async () => Promise.all(begun.map(({ token }) => a.look(parse(token))));
    expect((await standings()).filter((standing) => standing !== 'unknown')).toHaveLength(MAX_SESSIONS);
    expect(await b.endAllOf('u')).toHaveLength(MAX_SESSIONS);
    expect(new Set(await standings())).toEqual(new Set(['unknown']));
  });

  it('keep nothing by which a token could be made', async () => {
    const { state, a } = pair();
    const { token } = await a.begin('somebody@donna.example', '');
    const next = await a.rotate(parse(token));
    const tokens = [token, typeof next === 'string' ? next : next.token];
    expect(state.seen.length).toBeGreaterThan(2);
    for (const text of tokens) {
      const { handle, secret } = parse(text);
      for (const bytes of [handle, secret]) {
        for (const encoding of ['base64url', 'hex', 'base64'] as const)
          expect(state.seen.join('\n')).not.toContain(bytes.toString(encoding));
      }
    }
    // Keys name nobody.
    expect(state.seen.map((entry) => entry.split(' ')[0]).join('\n')).not.toContain('somebody');
  });

  it('take no token while the state is gone, and take it again afterwards', async () => {
    const { state, a } = pair();
    const { token } = await a.begin('u', '');
    state.isGone = true;
    await expect(a.look(parse(token))).rejects.toThrow(StateUnavailableError);
    await expect(a.rotate(parse(token))).rejects.toThrow(StateUnavailableError);
    await expect(a.begin('u', '')).rejects.toThrow(StateUnavailableError);
    state.isGone = false;
    expect(await a.rotate(parse(token))).toEqual({ token: expect.stringMatching(/^dgr1_/) });
  });

  it('forget a token that nobody used for its life', async () => {
    const families = new RefreshFamilies(new MemoryState(), key, 40);
    const { token } = await families.begin('u', '');
    await eventually(async () => (await families.look(parse(token))) === 'unknown');
    expect(await families.rotate(parse(token))).toBe('unknown');
  });
});
