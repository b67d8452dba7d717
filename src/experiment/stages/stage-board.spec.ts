import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { loadRouteTable, type RouteTable } from '../../routing/index.js';
import { StageBoard } from './stage-board.js';
import type { StageOverride, StageRequest, StageStore } from './stage-store.js';

/** A store whose answers a test holds in its hand. */
class StoreInHand implements StageStore {
  readonly pollMs = undefined;
  patienceMs = 2000;
  saved: StageOverride[] = [];
  reads: ((overrides: readonly StageOverride[]) => void)[] | undefined;
  isDown = false;
  known: readonly StageOverride[] | undefined;

  remembered(): readonly StageOverride[] | undefined {
    return this.known;
  }

  async read(): Promise<readonly StageOverride[]> {
    if (this.isDown) throw new Error('down');
    const { reads } = this;
    return reads === undefined ? [...this.saved] : new Promise((resolve) => reads.push(resolve));
  }

  async save({ route, to, by, reason }: StageRequest): Promise<boolean> {
    if (this.isDown) throw new Error('down');
    const rest = this.saved.filter((override) => override.route !== route);
    if (to === undefined && rest.length === this.saved.length) return false;
    this.saved = to === undefined ? rest : [...rest, { route, ...to, by, reason, at: '2026-11-23T08:00:00.000Z' }];
    return true;
  }

  async history(): Promise<readonly never[]> {
    return [];
  }

  async watch(): Promise<void> {}

  async close(): Promise<void> {}
}

const table = (routes: string): RouteTable =>
  loadRouteTable(
    `
upstreams: { php: { targets: ['http://127.0.0.1:9'] } }
policies: { authorization: { public: {} } }
defaults: { authorization: public }
routes: { ${routes} }
`,
    { file: 'routes.yaml', phpTargets: [], handlers: new Set(['list']) },
  );
const BOTH = 'list: { match: { path: /list }, upstream: php, handler: list, stage: replaced }';
const NATIVE = 'native: { match: { path: /native }, handler: list }';
const WHY = { by: 'eve', reason: 'because' };
const PROXY = { stage: 'proxy', weight: 0 } as const;
const CANARY = { stage: 'canary', weight: 10 } as const;

const boards: StageBoard[] = [];
afterEach(async () => {
  for (const board of boards.splice(0)) await board.stop();
});

function boardOver(store: StoreInHand): { board: StageBoard; served: () => Record<string, string> } {
  const board = new StageBoard(store, pino({ level: 'silent' }));
  boards.push(board);
  let current: RouteTable | undefined;
  board.connect((next) => (current = next));
  const served = (): Record<string, string> =>
    Object.fromEntries(current?.routes.map(({ name, stage, weight }) => [name, `${stage} ${weight}`]) ?? []);
  return { board, served };
}

describe('StageBoard', () => {
  it('lets PHP answer until it knows whether a route was rolled back', async () => {
    const store = new StoreInHand();
    store.isDown = true;
    const { board, served } = boardOver(store);
    board.useTable(table(`${BOTH}, ${NATIVE}`));
    expect(served()).toEqual({ list: 'proxy 0', native: 'replaced 0' });
    await board.start();
    expect(board.isKnown).toBe(false);
    expect(served()).toEqual({ list: 'proxy 0', native: 'replaced 0' });
    store.isDown = false;
    await board.set('list', CANARY, WHY);
    expect(served()).toEqual({ list: 'canary 10', native: 'replaced 0' });
  });

  it('obeys the route table where nothing overrides it, and what is remembered without a read', async () => {
    const fresh = boardOver(new StoreInHand());
    fresh.board.useTable(table(BOTH));
    await fresh.board.start();
    expect(fresh.served()).toEqual({ list: 'replaced 0' });

    const store = new StoreInHand();
    store.known = [{ route: 'list', ...CANARY, ...WHY, at: '' }];
    store.isDown = true;
    const { board, served } = boardOver(store);
    board.useTable(table(BOTH));
    await board.start();
    expect(served()).toEqual({ list: 'canary 10' });
  });

  it('keeps what it knows when the store is gone, and refuses changes', async () => {
    const store = new StoreInHand();
    const { board, served } = boardOver(store);
    board.useTable(table(BOTH));
    await board.start();
    await board.set('list', PROXY, WHY);
    store.isDown = true;
    await expect(board.set('list', CANARY, WHY)).rejects.toThrow('the database failed');
    await expect(board.clear('list', WHY)).rejects.toThrow('the database failed');
    expect(served()).toEqual({ list: 'proxy 0' });
  });

  it('keeps overrides over a reload of the route table, and drops a table that cannot be served', async () => {
    const { board, served } = boardOver(new StoreInHand());
    board.useTable(table(BOTH));
    await board.start();
    await board.set('list', CANARY, WHY);
    board.useTable(table(`${BOTH}, ${NATIVE}`));
    expect(served()).toEqual({ list: 'canary 10', native: 'replaced 0' });
    board.connect(() => {
      throw new Error('cannot be compiled');
    });
    expect(() => board.useTable(table(NATIVE))).toThrow('cannot be compiled');
    expect(board.find('list')?.effective).toEqual(CANARY);
  });

  it('has nothing to override where a route has one arm, also when it lost the other', async () => {
    const { board, served } = boardOver(new StoreInHand());
    board.useTable(table(`${BOTH}, ${NATIVE}`));
    await board.start();
    expect(await board.set('native', PROXY, WHY)).toEqual({ kind: 'impossible', why: 'proxy needs an upstream' });
    expect(await board.set('nobody', PROXY, WHY)).toEqual({ kind: 'unknown-route' });
    expect(await board.clear('list', WHY)).toEqual({ kind: 'no-override' });
    await board.set('list', CANARY, WHY);
    board.useTable(table('list: { match: { path: /list }, upstream: php }'));
    expect(served()).toEqual({ list: 'proxy 0' });
  });

  it('never takes an older read for the newer one', async () => {
    const store = new StoreInHand();
    const { board, served } = boardOver(store);
    board.useTable(table(BOTH));
    await board.start();
    const reads: ((overrides: readonly StageOverride[]) => void)[] = [];
    store.reads = reads;
    const [first, second] = [board.set('list', CANARY, WHY), board.set('list', PROXY, WHY)];
    const answer = async (count: number, stage: typeof CANARY | typeof PROXY): Promise<void> => {
      while (reads.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
      reads[count - 1]?.([{ route: 'list', ...stage, ...WHY, at: '' }]);
    };
    // The second change asked for a read while the first was under way: it gets one of its own, after it.
    await answer(1, CANARY);
    await answer(2, PROXY);
    await Promise.all([first, second]);
    expect(reads).toHaveLength(2);
    expect(served()).toEqual({ list: 'proxy 0' });
  });

  it('gives up a store that says nothing', async () => {
    const store = new StoreInHand();
    store.patienceMs = 50;
    store.reads = [];
    const { board, served } = boardOver(store);
    board.useTable(table(BOTH));
    await board.start();
    expect(served()).toEqual({ list: 'proxy 0' });
  });
});
