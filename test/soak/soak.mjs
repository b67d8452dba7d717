// Mixed traffic with faults for a long time: no answer is lost, crossed or damaged, and nothing grows.
//   npm run build && npm run soak [-- --minutes 30] [--seed N] [--callers 32] [--round 2000] [--only "kind,kind"] [--dist FOLDER]
//     [--plant leak|cross|socket: a fault that must be found]
// Starts the built gateway before an upstream of its own on loopback, with a real Postgres where there is one. Traffic comes in
// rounds; after each, when all is quiet, the gateway's memory, sockets and timers are measured. The same seed plans the same requests.
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCallers } from './callers.mjs';
import { makeChance } from './chance.mjs';
import { REFUSED } from './expect.mjs';
import { startGateway } from './gateway.mjs';
import { judge } from './judge.mjs';
import { Ledger } from './ledger.mjs';
import { readOptions } from './options.mjs';
import { startPostgres } from '../support/debian-postgres.mjs';
import { leaveOutUnlessLinux } from '../support/linux-only.mjs';
import { startRealtime } from './realtime.mjs';
import { FAULTY } from './traffic/faults.mjs';
import { PLAIN } from './traffic/plain.mjs';
import { ROUGH } from './traffic/rough.mjs';
import { VOICE } from './traffic/voice.mjs';
import { startUpstream } from './upstream.mjs';

/** Fewer do not tell what grows. */
const MIN_ROUNDS = 6;
/** A round in so many sees the upstream leave and come back. */
const OUTAGE_EVERY = 6;
const OUTAGE_MS = 200;
/** After it is back: its breaker and the probe find out within. */
const OUTAGE_GRACE_MS = 4000;
const QUIET_WITHIN_MS = 15_000;

// What was started ends with it, however it ends.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

leaveOutUnlessLinux('the soak');
const options = readOptions(process.argv.slice(2));
const kinds = Object.entries({ ...PLAIN, ...ROUGH, ...FAULTY, ...VOICE }).filter(
  ([name]) => options.only === undefined || options.only.split(',').includes(name),
);
const weights = kinds.reduce((sum, [, { weight }]) => sum + weight, 0);

const upstream = await startUpstream();
const realtime = await startRealtime();
const postgres = await startPostgres();
const gateway = await startGateway({
  ...options,
  upstream: upstream.origin,
  realtime: realtime.baseUrl,
  databaseUrl: postgres?.url,
});
const ledger = new Ledger();
let awayUntil = 0;
const site = {
  port: gateway.port,
  agent: undefined,
  ledger,
  callers: makeCallers(gateway.secret),
  wasAway: () => Date.now() < awayUntil,
};
console.log(
  `soak: ${options.ms / 60_000} min, seed ${options.seed}, ${options.callers} at once, ${postgres === undefined ? 'no Postgres' : 'Postgres'}${options.plant === undefined ? '' : `, planted: ${options.plant}`}`,
);

const measures = [];
const startedAt = performance.now();
for (let round = 0; performance.now() - startedAt < options.ms || measures.length < MIN_ROUNDS; round++) {
  await runRound(round);
  await quieten();
  measures.push({ requests: ledger.total, ms: performance.now() - startedAt, ...(await gateway.measure()) });
  if (gateway.hasEnded()) ledger.fail('gateway', '', 'it ended');
  tellRound(round);
}

const isGood = judge({ ledger, measures, options, seconds: (performance.now() - startedAt) / 1000 });
await Promise.all([gateway.stop(), postgres?.stop()]);
upstream.stop();
realtime.stop();
process.exit(isGood ? 0 : 1);

async function runRound(round) {
  site.agent = new Agent({ keepAlive: true, maxSockets: options.callers });
  let next = 0;
  const caller = async () => {
    while (next < options.round) await runOne(round * options.round + next++);
  };
  const callers = Array.from({ length: options.callers }, caller);
  if (round % OUTAGE_EVERY === OUTAGE_EVERY - 1 && options.only === undefined) {
    await sleep(300);
    awayUntil = Number.POSITIVE_INFINITY;
    await upstream.goAway(OUTAGE_MS);
    awayUntil = Date.now() + OUTAGE_GRACE_MS;
  }
  await Promise.all(callers);
  site.agent.destroy();
}

/** Request number `index` of the seed's plan. */
async function runOne(index) {
  const chance = makeChance(options.seed + index * 7919);
  const nonce = chance.nonce();
  let at = chance.next() * weights;
  const [name, { run }] = kinds.find(([, { weight }]) => (at -= weight) < 0) ?? kinds[0];
  const startedMs = performance.now();
  const wrong = await run(site, chance, nonce).catch((error) => `damaged: ${error.stack}`);
  ledger.note(name, performance.now() - startedMs);
  if (wrong !== undefined && wrong !== REFUSED) ledger.fail(name, `${nonce} (request ${index})`, wrong);
}

/** Waits until what the last requests have left is gone: idle connections to the upstream, calls that clients left. */
async function quieten() {
  for (const until = Date.now() + QUIET_WITHIN_MS; Date.now() < until; await sleep(50)) {
    // The health probe keeps one.
    if ((await upstream.connections()) <= 1 && realtime.sessions() === 0) return;
  }
}

function tellRound(round) {
  const { requests, heapUsed, external, rss, resources, files, loop } = measures.at(-1);
  const mib = (bytes) => (bytes / 1024 / 1024).toFixed(1);
  if (round > 20 && round % 10 !== 0) return;
  console.log(
    `${requests} requests, ${(measures.at(-1).ms / 1000).toFixed(0)} s: heap ${mib(heapUsed)}, external ${mib(external)}, rss ${mib(rss)} MiB, sockets ${files.socket}, timers ${resources.Timeout ?? 0}, loop p99 ${loop.p99.toFixed(0)} max ${loop.max.toFixed(0)} ms, ${ledger.failed} failed, ${ledger.refused} refused`,
  );
}
