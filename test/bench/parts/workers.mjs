import { availableParallelism } from 'node:os';
import { findFreePort } from '../../support/free-port.mjs';
import { compare, takeRatio } from '../support/compare.mjs';
import { startGateway } from '../support/gateway.mjs';
import { fullTable } from '../support/route-table.mjs';

const KEY = 'workers2.vsOne';
/** Two for the workers, one for the load and one for the upstream. */
const FREE_CORES = 4;

/** Two workers beside one. Where they would share their processors with the load, only what a request costs is told. */
export async function workers(bench) {
  const { origin: upstream } = await bench.upstream();
  const isFree = availableParallelism() >= FREE_CORES;
  const cpu = isFree ? '0,2' : '0,1';
  // Several workers may not have the embedded database; no route of the bench asks any, and nobody listens there.
  const env = {
    DATABASE_URL: `postgres://bench:${bench.caller.secret.replaceAll(/\W/g, '')}@127.0.0.1:${await findFreePort()}/bench`,
  };
  const one = await startGateway(bench, { table: fullTable(), upstream, cpu, env });
  const two = await startGateway(bench, { table: fullTable(), upstream, cpu, env: { ...env, GATEWAY_WORKERS: '2' } });
  try {
    const result = await compare(bench, {
      title: 'Two workers beside one, 300 B',
      candidates: {
        'two workers': { url: `${two.origin}/small`, program: two },
        'one worker': { url: `${one.origin}/small`, program: one },
      },
      connections: 50,
      rounds: Math.ceil(bench.rounds / 2),
    });
    takeRatio(bench, KEY, result, 'one worker');
    if (!isFree) {
      bench.report.ratios[KEY] = null;
      bench.report.reasons[KEY] =
        `${availableParallelism()} processors: the load generator and the upstream take one of the two that two workers need. ` +
        `The processor time of a request with one and with two workers is in cpuRatios and in the raw figures.`;
    }
  } finally {
    await Promise.all([one.stop(), two.stop()]);
  }
}
