import { once } from 'node:events';
import { join } from 'node:path';
import { compareSamples } from '../support/compare.mjs';
import { startGateway } from '../support/gateway.mjs';
import { startPeer } from '../support/peers.mjs';
import { startProgram } from '../support/processes.mjs';
import { tableOf } from '../support/route-table.mjs';

const SESSIONS = 10;

/** Frames of audio from the provider to its clients, through `/realtime` and through a bare relay made of `ws`. */
export async function realtime(bench) {
  const traffic = startProgram({
    name: 'realtime traffic',
    cpu: '1',
    command: process.execPath,
    args: [join(import.meta.dirname, '../realtime/traffic.mjs')],
    isAsked: true,
  });
  const [{ port }] = await once(traffic.child, 'message');
  const upstream = `http://127.0.0.1:${port}`;
  const gateway = await startGateway(bench, {
    table: tableOf({
      realtime: {
        handler: 'realtime.socket',
        policies: { authorization: 'public', rateLimit: ['address'], upgrade: true },
      },
    }),
    upstream,
    env: {
      ENABLE_WS_PROXY: 'true',
      MAX_CONNECTIONS_PER_IP: '1000',
      OPENAI_BASE_URL: upstream,
      OPENAI_API_KEY: ['sk', 'proj', '0123456789abcdefghijklmnopqrstuv'].join('-'),
    },
  });
  const relay = await startPeer(bench, 'ws-relay', { upstream });
  const candidates = { gateway, 'bare ws relay': relay };
  const tokens = Array.from({ length: SESSIONS }, (_, i) => bench.caller.tokenOf(`caller-${i}`));
  const samples = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]));
  try {
    for (let round = -1; round < bench.rounds; round++)
      for (const [name, program] of Object.entries(candidates)) {
        const speaksGateway = program === gateway;
        const sample = await measure(traffic, program, bench.seconds, {
          url: `${program.origin}/realtime`,
          tokens,
          speaksGateway,
        });
        if (round >= 0) samples[name].push(sample);
      }
    const { rows } = compareSamples(bench, {
      title: `/realtime, frames of 6.5 KB from the provider to ${SESSIONS} clients`,
      unit: 'frame',
      samples,
    });
    bench.report.facts.realtimeVsWs = rows[1].ratio.median;
  } finally {
    await Promise.all([gateway.stop(), relay.stop(), traffic.stop()]);
  }
}

/** Processor time is taken between the traffic's own marks. */
function measure({ child }, program, seconds, asked) {
  return new Promise((done, fail) => {
    let begun = 0;
    let spent = 0;
    const take = ({ begins, ends, frames, fault }) => {
      if (begins) begun = program.cpuMicros();
      if (ends) spent = program.cpuMicros() - begun;
      if (frames === undefined && fault === undefined) return;
      child.off('message', take);
      if (fault === undefined) done({ perSecond: frames / seconds, cpuMicros: spent / frames });
      else fail(new Error(`${program.name}: ${fault}`));
    };
    child.on('message', take);
    child.send({ ...asked, seconds });
  });
}
