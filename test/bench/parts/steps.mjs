import { compare } from '../support/compare.mjs';
import { startGateway } from '../support/gateway.mjs';
import { FULL, tableOf } from '../support/route-table.mjs';
import { spread } from '../support/statistics.mjs';

/** Policies are taken away one after the other, in this order; each step keeps what the ones before it took. */
const AWAY = [
  ['limits', 'counting by address and by identity', { rateLimit: [] }],
  ['identity', 'who calls: the token', { authorization: 'public' }],
  ['assertion', 'telling PHP who calls, signed', {}, 'plain'],
  ['concurrency', 'requests of a caller under way', { concurrency: {} }],
  ['secrets', 'searching the answer for secrets', { secretScan: 'off' }],
  ['envelope', 'the envelope', { envelope: 'off', answers: undefined }],
  ['headers', 'security headers and CORS', { securityHeaders: 'upstream', cors: 'upstream' }],
];

/** µs of processor time per request of each step, by leaving it out: one gateway, a route for each, in turn. */
export async function steps(bench) {
  const { origin: upstream } = await bench.upstream();
  const routes = { small: { policies: FULL } };
  const cached = { ...FULL, cache: { ttlS: 60, vary: 'identity', cacheControl: 'honour' } };
  const order = [['all of them', 'small']];
  let policies = FULL;
  let via = 'php';
  for (const [name, what, without, upstreamName = via] of AWAY) {
    policies = { ...policies, ...without };
    via = upstreamName;
    routes[`without-${name}`] = { policies, upstream: via };
    order.push([what, `without-${name}`]);
  }
  routes.lookup = { policies: cached };
  const table = tableOf(routes);
  const gateway = await startGateway(bench, { table, upstream });
  const logging = await startGateway(bench, { table, upstream, env: { LOG_LEVEL: 'info' } });
  try {
    const of = (program, path) => ({ url: `${program.origin}/${path}`, program });
    const candidates = {
      'with the access log': of(logging, 'small'),
      'all of them': of(gateway, 'small'),
      'and a look into the cache': of(gateway, 'lookup'),
      ...Object.fromEntries(order.slice(1).map(([what, path]) => [`without ${what}`, of(gateway, path)])),
    };
    const { rows, samples } = await compare(bench, { title: 'Steps', candidates, connections: 50 });
    bench.report.steps = costs(order, samples, rows);
    for (const { what, cpuMicros } of bench.report.steps)
      bench.say(`${what.padEnd(44)} ${cpuMicros.median.toFixed(1).padStart(7)} µs`);
  } finally {
    await Promise.all([gateway.stop(), logging.stop()]);
  }
}

/** Differences of neighbours, round by round. */
function costs(order, samples, rows) {
  const cpu = (name) => samples[name].map((round) => round.cpuMicros);
  const difference = (what, more, less) => ({
    what,
    cpuMicros: spread(cpu(more).map((micros, i) => micros - cpu(less)[i])),
  });
  const names = order.map(([what], i) => (i === 0 ? what : `without ${what}`));
  return [
    difference('the access log', 'with the access log', 'all of them'),
    difference('a look into the cache', 'and a look into the cache', 'all of them'),
    ...order.slice(1).map(([what], i) => difference(what, names[i], names[i + 1])),
    { what: 'what is left: HTTP twice, routing, trace, metrics', cpuMicros: rows.at(-1).cpuMicros },
  ];
}
