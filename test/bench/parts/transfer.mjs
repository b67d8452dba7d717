import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare } from '../support/compare.mjs';
import { peakBytes, residentBytes, resetPeak } from '../support/memory.mjs';
import { startGateway } from '../support/gateway.mjs';
import { load } from '../support/load.mjs';
import { startPeer } from '../support/peers.mjs';
import { prove } from '../support/proof.mjs';
import { fullTable } from '../support/route-table.mjs';
import { SIZES } from '../support/upstream.mjs';

const GIB = 2 ** 30;
const CONNECTIONS = 10;

/** Uploads of 1 MB beside the pipe's, and what the gateway's memory does while 1 GiB goes down and up. */
export async function transfer(bench) {
  const to = { upstream: (await bench.upstream()).origin };
  const gateway = await startGateway(bench, { table: fullTable(), ...to });
  const pipe = await startPeer(bench, 'node-http', to);
  const script = join(bench.folder, 'upload.lua');
  writeFileSync(
    script,
    `wrk.method = 'POST'\nwrk.body = string.rep('x', ${SIZES.large})\nwrk.headers['Content-Type'] = 'application/octet-stream'\n`,
  );
  try {
    await prove(`${gateway.origin}/upload`, { caller: bench.caller, method: 'POST' });
    for (const connections of bench.isQuick ? [50] : [50, 1]) {
      const { rows } = await compare(bench, {
        title: 'Upload, 1 MB',
        candidates: {
          gateway: { url: `${gateway.origin}/upload`, program: gateway },
          'node:http pipe': { url: `${pipe.origin}/upload`, program: pipe },
        },
        connections,
        rounds: Math.ceil(bench.rounds / 2),
        script,
      });
      bench.report.facts[`uploadVsNodeHttp${connections}`] = rows[1].ratio.median;
    }
    for (const [what, path, how] of [
      ['download', 'large', {}],
      ['upload', 'upload', { script }],
    ])
      bench.report.facts[`${what}OfOneGiB`] = await growth(bench, gateway, `${gateway.origin}/${path}`, how);
  } finally {
    await gateway.stop();
    await pipe.stop();
  }
}

/** Bytes of memory before, at most and after 1 GiB in pieces of 1 MB; before it, the same traffic has run for a while. */
async function growth(bench, { pid }, url, how) {
  const once = () => load(url, { connections: CONNECTIONS, seconds: 1, headers: bench.caller.headers, ...how });
  await once();
  const before = residentBytes(pid);
  resetPeak(pid);
  let moved = 0;
  while (moved < GIB) moved += (await once()).requests * SIZES.large;
  const result = { movedBytes: moved, before, peak: peakBytes(pid), after: residentBytes(pid) };
  bench.say(`${url.slice(url.lastIndexOf('/'))}: ${(moved / GIB).toFixed(1)} GiB, memory in MiB: ${mib(result)}`);
  return result;
}

function mib({ before, peak, after }) {
  return [before, peak, after].map((bytes) => (bytes / 2 ** 20).toFixed(0)).join(' → ');
}
