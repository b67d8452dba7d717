import { compare, takeRatio } from '../support/compare.mjs';
import { startGateway } from '../support/gateway.mjs';
import { startNginxProxy, startPeer } from '../support/peers.mjs';
import { prove } from '../support/proof.mjs';
import { fullTable } from '../support/route-table.mjs';

/** Where each peer stands in the ratios. */
const KEYS = {
  'node:http pipe': 'proxy.small.vsNodeHttp',
  Fastify: 'proxy.small.vsFastify',
  'usual NestJS': 'proxy.small.vsUsualNest',
  nginx: 'proxy.small.vsNginx',
};

/** Proxying JSON of three sizes, with every policy, at 50 connections and at one. */
export async function proxy(bench) {
  const upstream = await bench.upstream();
  const to = { upstream: upstream.origin };
  const programs = {
    gateway: await startGateway(bench, { table: fullTable(), ...to }),
    'node:http pipe': await startPeer(bench, 'node-http', to),
    Fastify: await startPeer(bench, 'fastify-proxy', to),
    'Fastify, no envelope': await startPeer(bench, 'fastify-proxy', { ...to, env: { LEAN: '1' } }),
    'usual NestJS': await startPeer(bench, 'usual-nest', to),
    nginx: await startNginxProxy(bench, to),
    direct: upstream,
  };
  const proofs = {
    'node:http pipe': { hasPolicies: false },
    'Fastify, no envelope': { hasEnvelope: false },
    nginx: { demandsToken: false, hasEnvelope: false },
    direct: { hasPolicies: false },
  };
  try {
    for (const [name, { origin }] of Object.entries(programs))
      await prove(`${origin}/small`, { caller: bench.caller, ...proofs[name] });
    for (const connections of [50, 1])
      for (const size of bench.isQuick ? ['small'] : ['small', 'medium', 'large']) {
        if (bench.isQuick && connections === 1) continue;
        const isMain = size === 'small' && connections === 50;
        const candidates = Object.entries(programs)
          .filter(([name]) => isMain || name !== 'Fastify, no envelope')
          .map(([name, program]) => [name, { url: `${program.origin}/${size}`, program }]);
        const result = await compare(bench, {
          title: `Proxying, ${{ small: '300 B', medium: '20 KB', large: '1 MB' }[size]}`,
          candidates: Object.fromEntries(candidates),
          connections,
          ...(isMain ? {} : { rounds: Math.ceil(bench.rounds / 2), seconds: 1 }),
        });
        if (isMain) for (const [name, key] of Object.entries(KEYS)) takeRatio(bench, key, result, name);
        if (size === 'large' && connections === 50)
          bench.report.facts.downloadVsNodeHttp50 = result.rows[1].ratio.median;
      }
  } finally {
    for (const program of Object.values(programs)) if (program !== upstream) await program.stop();
  }
}
