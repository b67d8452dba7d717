/** What a ratio is to be at least, per key of `ratios`; undefined: it is only told. */
export const GOALS = {
  'proxy.small.vsNodeHttp': { goal: 1.2, what: 'proxying 300 B, beside a bare node:http pipe' },
  'proxy.small.vsFastify': { goal: 2.5, what: 'the same, beside Fastify with its plugins' },
  'proxy.small.vsUsualNest': { goal: 5, what: 'the same, beside a NestJS gateway built the usual way' },
  'proxy.small.vsNginx': { goal: undefined, what: 'the same, beside nginx (verifies no token, writes no envelope)' },
  'cacheHit.vsNodeHttp': { goal: 2, what: 'cache hit, beside a bare node:http pipe' },
  'cacheHit.vsPhpFpm': { goal: 20, what: 'cache hit, beside nginx and php-fpm on the same script' },
  'native.vsFastify': { goal: 1.5, what: 'native JSON endpoint, beside Fastify with the same policies' },
  'phpFpm.vsNginx': { goal: 0.95, what: 'before nginx and php-fpm, beside the same without the gateway' },
  'workers2.vsOne': { goal: 1.8, what: 'two workers, beside one' },
};

/** Other figures with a goal: what they are, the bound, and how a value is read from `facts`. */
export const FACTS = [
  ['added median latency at one connection, 5 ms of PHP (µs)', '≤ 300', (f) => f.phpWorkAddedP50Micros, 0],
  ['added median latency at one connection, light script (µs)', '', (f) => f.phpLightAddedP50Micros, 0],
  ['before php-fpm, on the same two processors (ratio)', '', (f) => f.phpSharedCoresRatio, 2],
  ['p99 of a fast page beside a slow one, connections as PHP has children (ratio)', '≤ 1.5', (f) => f.bulkheadRatio, 2],
  ['the same with 256 connections (ratio)', '', (f) => f.bulkheadUnboundedRatio, 2],
  ['the same without the gateway (ratio)', '', (f) => f.bulkheadNginxRatio, 2],
  ['download of 1 MB, 50 connections, beside node:http (ratio)', '≥ 0.9', (f) => f.downloadVsNodeHttp50, 2],
  ['upload of 1 MB, 50 connections, beside node:http (ratio)', '≥ 0.9', (f) => f.uploadVsNodeHttp50, 2],
  ['upload of 1 MB, 1 connection, beside node:http (ratio)', '≥ 0.9', (f) => f.uploadVsNodeHttp1, 2],
  ['memory at most above before, 1 GiB down (MiB)', '< 64', (f) => mib(f.downloadOfOneGiB), 0],
  ['memory at most above before, 1 GiB up (MiB)', '< 64', (f) => mib(f.uploadOfOneGiB), 0],
  ['frames through /realtime, beside a bare ws relay (ratio)', '', (f) => f.realtimeVsWs, 2],
  ['counting limits in Redis, more processor time per request (µs)', '', (f) => f.redisCpuMicros, 0],
  ['start to first answer, median of 5 (ms)', '≤ 1,500', (f) => f.startMs?.median, 0],
  [
    'resident memory after 10 s of idling (MiB)',
    '≤ 120',
    (f) => (f.idleBytes === undefined ? undefined : f.idleBytes / 2 ** 20),
    0,
  ],
];

function mib(growth) {
  return growth === undefined ? undefined : (growth.peak - growth.before) / 2 ** 20;
}
