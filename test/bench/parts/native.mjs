import { compare, takeRatio } from '../support/compare.mjs';
import { startGateway } from '../support/gateway.mjs';
import { startPeer } from '../support/peers.mjs';
import { prove } from '../support/proof.mjs';
import { fullTable } from '../support/route-table.mjs';

/** JSON that Node answers itself (the handler `health.live`, which does nothing besides), every policy on, beside Fastify that answers the same. */
export async function native(bench) {
  const to = { upstream: (await bench.upstream()).origin };
  const gateway = await startGateway(bench, { table: fullTable(), ...to });
  const fastify = await startPeer(bench, 'fastify-native', to);
  const programs = { gateway, Fastify: fastify };
  try {
    for (const { origin } of Object.values(programs)) await prove(`${origin}/native`, { caller: bench.caller });
    const candidates = Object.entries(programs).map(([name, program]) => [
      name,
      { url: `${program.origin}/native`, program },
    ]);
    const result = await compare(bench, {
      title: 'Native endpoint',
      candidates: Object.fromEntries(candidates),
      connections: 50,
    });
    takeRatio(bench, 'native.vsFastify', result, 'Fastify');
  } finally {
    await gateway.stop();
    await fastify.stop();
  }
}
