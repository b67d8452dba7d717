import { setTimeout as sleep } from 'node:timers/promises';
import { startGateway } from '../support/gateway.mjs';
import { residentBytes } from '../support/memory.mjs';
import { startPostgres } from '../../support/debian-postgres.mjs';
import { fullTable } from '../support/route-table.mjs';
import { spread } from '../support/statistics.mjs';

const STARTS = 5;
const IDLE_MS = 10_000;

/**
 * From the program's start to its first answer of the application, with PHP and a Postgres given, and the memory it then keeps while
 * nobody asks. The first start, which makes the tables, is not counted.
 */
export async function start(bench) {
  const { origin: upstream } = await bench.upstream();
  const postgres = await startPostgres();
  const times = [];
  for (let i = -1; i < STARTS; i++) {
    const startedAt = performance.now();
    const gateway = await startGateway(bench, {
      table: fullTable(),
      upstream,
      cpu: '0,1',
      env: { DATABASE_URL: postgres.url },
      isReady: async (origin) => (await fetch(`${origin}/small`, { headers: bench.caller.headers })).ok,
    });
    if (i >= 0) times.push(performance.now() - startedAt);
    if (i === STARTS - 1) {
      await sleep(IDLE_MS);
      bench.report.facts.idleBytes = residentBytes(gateway.pid);
    }
    await gateway.stop();
  }
  await postgres.stop();
  bench.report.facts.startMs = spread(times);
  const { startMs, idleBytes } = bench.report.facts;
  bench.say(`start to first answer ${startMs.median.toFixed(0)} ms; idle ${(idleBytes / 2 ** 20).toFixed(0)} MiB`);
}
