import { describe, expect, it } from '@jest/globals';
import { MigrationPace } from './migration-pace.js';

const never = new AbortController().signal;

async function msOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

describe('the pace of a migration', () => {
  it('rests three times as long as an owner took that was slower than usual', async () => {
    const pace = new MigrationPace();
    for (let owner = 0; owner < 20; owner++) await pace.rest(1, never);
    expect(await msOf(() => pace.rest(100, never))).toBeGreaterThan(290);
  });

  it('does not rest when it is stopped', async () => {
    const pace = new MigrationPace();
    for (let owner = 0; owner < 5; owner++) await pace.rest(1, never);
    const stopper = new AbortController();
    stopper.abort();
    // By turns of this process, not by a clock: a timer of half a second would not be among them.
    let isResting = true;
    void pace.rest(5000, stopper.signal).then(() => (isResting = false));
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(isResting).toBe(false);
  });
});
