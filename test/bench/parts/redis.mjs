import { findFreePort } from '../../support/free-port.mjs';
import { compare } from '../support/compare.mjs';
import { startGateway } from '../support/gateway.mjs';
import { startProgram } from '../support/processes.mjs';
import { fullTable } from '../support/route-table.mjs';

/** What counting requests in Redis, for several instances, costs beside counting in memory. */
export async function redis(bench) {
  const { origin: upstream } = await bench.upstream();
  const port = await findFreePort();
  const server = startProgram({
    name: 'redis',
    cpu: '1',
    command: bench.programs['redis-server'],
    args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', bench.folder],
  });
  const memory = await startGateway(bench, { table: fullTable(), upstream });
  const shared = await startGateway(bench, {
    table: fullTable(),
    upstream,
    env: { REDIS_URL: `redis://127.0.0.1:${port}` },
  });
  try {
    const { rows } = await compare(bench, {
      title: 'Limits counted in memory and in Redis, 300 B',
      candidates: {
        'in memory': { url: `${memory.origin}/small`, program: memory },
        'in Redis': { url: `${shared.origin}/small`, program: shared },
      },
      connections: 50,
      rounds: Math.ceil(bench.rounds / 2),
    });
    bench.report.facts.redisCpuMicros = rows[1].cpuMicros.median - rows[0].cpuMicros.median;
  } finally {
    await Promise.all([memory.stop(), shared.stop(), server.stop()]);
  }
}
