import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { eventually } from '../../../test/support/eventually.js';
import { loadRouteTable, type RouteTable } from '../../routing/index.js';
import { ParityLog } from '../parity/index.js';
import { IgnoreBoard } from './ignore-board.js';
import { IgnoreSnapshot } from './ignore-snapshot.js';
import type { IgnoreRequest, IgnoreResult, IgnoreStore, RuntimeIgnore } from './ignore-store.js';

const RULE: RuntimeIgnore = {
  route: 'list',
  pointer: '/at',
  reason: 'times',
  until: '2999-01-01',
  by: 'boss',
  at: '2026-11-23T08:00:00.000Z',
};
const TABLE = loadRouteTable(
  `
upstreams: { php: { targets: ['http://127.0.0.1:9'] } }
policies: { authorization: { public: {} } }
defaults: { authorization: public }
routes:
  list: { match: { path: /list }, upstream: php, handler: list, stage: mirror, experiment: { ignore: [{ pointer: /id, reason: ids, until: 2999-01-01 }] } }
  native: { match: { path: /native }, handler: list }
`,
  { file: 'routes.yaml', phpTargets: [], handlers: new Set(['list']) },
);

/** A store whose answers a test holds in its hand; `saved` undefined: a database would have to be started to look. */
class StoreInHand implements IgnoreStore {
  readonly pollMs = 20;
  readonly patienceMs = 2000;
  saved: readonly RuntimeIgnore[] | undefined = [RULE];
  known: readonly RuntimeIgnore[] | undefined;
  isDown = false;
  onChange: () => void = () => undefined;

  remembered(): readonly RuntimeIgnore[] | undefined {
    return this.known;
  }

  async read(): Promise<readonly RuntimeIgnore[] | undefined> {
    if (this.isDown) throw new Error('down');
    return this.saved;
  }

  async save({ pointer }: IgnoreRequest): Promise<IgnoreResult> {
    if (this.isDown) throw new Error('down');
    this.saved = [{ ...RULE, pointer }];
    return 'done';
  }

  async history(): Promise<readonly never[]> {
    return [];
  }

  watch(onChange: () => void): void {
    this.onChange = onChange;
  }

  close(): void {}
}

const boards: IgnoreBoard[] = [];
afterEach(() => {
  for (const board of boards.splice(0)) board.stop();
});

function boardOver(store: StoreInHand): { board: IgnoreBoard; rules: () => readonly string[]; served: RouteTable[] } {
  const board = new IgnoreBoard(store, pino({ level: 'silent' }));
  boards.push(board);
  const served: RouteTable[] = [];
  board.connect((table) => served.push(table));
  board.useTable(TABLE);
  const rules = (): readonly string[] =>
    (served.at(-1)?.routes[0]?.experiment.ignore ?? []).map(({ pointer }) => pointer);
  return { board, rules, served };
}

describe('differences that are accepted at run time', () => {
  it('are obeyed once they are known, and not before: with the database away they count', async () => {
    const store = new StoreInHand();
    store.isDown = true;
    const { board, rules } = boardOver(store);
    await board.start();
    expect([board.isKnown, rules()]).toEqual([false, ['/id']]);
    store.isDown = false;
    await eventually(async () => rules().length === 2);
    expect(rules()).toEqual(['/id', '/at']);
    // Away again, the last ones known hold.
    store.isDown = true;
    board.useTable(TABLE);
    expect(rules()).toEqual(['/id', '/at']);
    await expect(board.save({ ...RULE, until: '2999-01-01' })).rejects.toThrow('the database failed');
  });

  it('start no database to be read, and are read when it runs', async () => {
    const store = new StoreInHand();
    store.saved = undefined;
    const { board, rules } = boardOver(store);
    await board.start();
    expect(board.isKnown).toBe(false);
    store.saved = [RULE];
    store.onChange();
    await eventually(async () => board.isKnown);
    expect(rules()).toEqual(['/id', '/at']);
  });

  it('make a new table only where they change', async () => {
    const store = new StoreInHand();
    store.known = [RULE];
    const { board, rules, served } = boardOver(store);
    await board.start();
    expect(rules()).toEqual(['/id', '/at']);
    const count = served.length;
    store.onChange();
    await board.save({ ...RULE, pointer: '/name' });
    expect(rules()).toEqual(['/id', '/name']);
    expect(served).toHaveLength(count + 1);
    expect(served.at(-1)?.routes[1]).toBe(TABLE.routes[1]);
  });

  it('come from a snapshot that is whole, or from none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ignores-'));
    try {
      const file = join(folder, 'ignores.json');
      const snapshot = new IgnoreSnapshot(file);
      snapshot.write([RULE]);
      expect(snapshot.read()).toEqual([RULE]);
      for (const bad of [{ ...RULE, until: 'some day' }, { ...RULE, by: 1 }, null]) {
        writeFileSync(file, JSON.stringify({ version: 1, isFinished: true, overrides: [RULE, bad] }));
        expect(snapshot.read()).toBeUndefined();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('parity by the hour', () => {
  const HOUR = 3_600_000;

  it('adds up what waits with what is given back, and forgets what could not be compared', () => {
    const log = new ParityLog();
    const now = 500_000 * HOUR;
    log.count('list', 'match', now + 1);
    log.count('list', 'not-comparable', now + 2);
    const taken = log.take();
    log.count('list', 'candidate-error', now + 3);
    log.count('list', 'mismatch', now + HOUR);
    log.count('other', 'match', now);
    log.giveBack(taken);
    expect(log.of('list')).toEqual([
      { route: 'list', hour: now, compared: 2, differed: 0, candidateErrors: 1 },
      { route: 'list', hour: now + HOUR, compared: 1, differed: 1, candidateErrors: 0 },
    ]);
  });

  it('keeps a bounded number of hours without a database, the latest', () => {
    const log = new ParityLog();
    for (let hour = 0; hour < 6000; hour++) log.count('list', 'match', hour * HOUR);
    const kept = log.of('list');
    expect(kept).toHaveLength(5000);
    expect(kept.at(-1)?.hour).toBe(5999 * HOUR);
  });
});
