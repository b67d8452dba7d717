import { Agent, request } from 'node:http';
import { startGateway } from '../support/gateway.mjs';
import { load } from '../support/load.mjs';
import { startPhpSite } from '../support/php-site.mjs';
import { tableOf } from '../support/route-table.mjs';
import { quantile } from '../support/statistics.mjs';

const CHILDREN = 8;
const SLOW_CALLERS = 16;
const FAST_CONNECTIONS = 4;
const POLICIES = { authorization: 'user', rateLimit: ['default'], answers: 'json', concurrency: { caller: 1000 } };

/**
 * What one slow page does to all others before a php-fpm with few children: 99th percentile of a fast page without and with
 * callers that hang on a slow one. With `connections` at the number of children the gateway keeps half of them free of the slow
 * page; a pool that is full of slow requests (256 connections, or no gateway) blocks everybody.
 */
export async function bulkhead(bench) {
  const site = await startPhpSite(bench, { name: 'php-bulkhead', children: CHILDREN });
  const start = (connections) =>
    startGateway(bench, {
      table: tableOf({ 'slow.php': { policies: POLICIES }, 'light.php': { policies: POLICIES } }, { connections }),
      upstream: site.origin,
    });
  const bounded = await start(CHILDREN);
  const unbounded = await start(256);
  const ways = {
    bulkheadRatio: bounded.origin,
    bulkheadUnboundedRatio: unbounded.origin,
    bulkheadNginxRatio: site.origin,
  };
  try {
    const seen = Object.fromEntries(Object.keys(ways).map((key) => [key, { alone: [], beside: [] }]));
    for (let round = -1; round < bench.rounds; round++)
      for (const [key, origin] of Object.entries(ways))
        for (const how of ['alone', 'beside']) {
          const stop = how === 'beside' ? hang(`${origin}/slow.php`, bench.caller.headers) : () => undefined;
          const { p99Micros } = await load(`${origin}/light.php`, {
            connections: FAST_CONNECTIONS,
            seconds: 2 * bench.seconds,
            headers: bench.caller.headers,
          });
          await stop();
          // The first round warms up.
          if (round >= 0) seen[key][how].push(p99Micros);
        }
    for (const [key, { alone, beside }] of Object.entries(seen)) {
      bench.report.facts[key] = quantile(beside, 0.5) / quantile(alone, 0.5);
      bench.say(`${key} ${bench.report.facts[key].toFixed(2)}`);
    }
  } finally {
    await Promise.all([bounded.stop(), unbounded.stop()]);
    await site.stop();
  }
}

/** Callers that ask for a slow page all the time. @returns what ends them */
function hang(url, headers) {
  const agent = new Agent({ keepAlive: true });
  const run = { isOver: false };
  const ask = () =>
    new Promise((done) => {
      const req = request(url, { agent, headers }, (res) => res.resume().on('close', done));
      req.on('error', done).end();
    });
  const callers = Array.from({ length: SLOW_CALLERS }, async () => {
    while (!run.isOver) await ask();
  });
  return async () => {
    run.isOver = true;
    await Promise.all(callers);
    agent.destroy();
  };
}
