import { compare, takeRatio } from '../support/compare.mjs';
import { startGateway } from '../support/gateway.mjs';
import { startPeer } from '../support/peers.mjs';
import { prove } from '../support/proof.mjs';
import { fullTable } from '../support/route-table.mjs';

/** Answers from the cache, every policy on, beside the same fetched and beside a pipe that fetches them. */
export async function cache(bench) {
  const to = { upstream: (await bench.upstream()).origin };
  const gateway = await startGateway(bench, { table: fullTable(), ...to });
  const pipe = await startPeer(bench, 'node-http', to);
  try {
    await prove(`${gateway.origin}/hit`, { caller: bench.caller });
    const result = await compare(bench, {
      title: 'Cache hit, 300 B',
      candidates: {
        gateway: { url: `${gateway.origin}/hit`, program: gateway },
        'gateway, fetched': { url: `${gateway.origin}/small`, program: gateway },
        'node:http pipe': { url: `${pipe.origin}/hit`, program: pipe },
      },
      connections: 50,
    });
    takeRatio(bench, 'cacheHit.vsNodeHttp', result, 'node:http pipe');
  } finally {
    await gateway.stop();
    await pipe.stop();
  }
}
