/**
 * What a request may cost, per kind. What is counted exactly has a tight bound, what depends on the machine a generous one, 1.5 times what was
 * measured most of the times when it was set (`npm run check:cost -- --print`). Lower them when the gateway has become cheaper.
 *   writes       calls of write(2) and writev(2) per request: one to PHP, one to the client; some of V8's threads' wake-ups
 *   reads        calls of read(2) per request: the request, PHP's answer
 *   sentBytes    bytes written per request, to both sides
 *   heapBytes    bytes allocated on V8's heap per request; hardly varies
 *   cpuRatio     processor time per request, divided by the bare node:http pipe's
 */
export const BOUNDS = {
  proxied: { writes: 2.1, reads: 2.2, sentBytes: 2900, heapBytes: 48_000, cpuRatio: 3 },
  logged: { writes: 3.1, heapBytes: 68_000 },
  cached: { writes: 1.1, reads: 1.2, sentBytes: 2400, heapBytes: 33_000, cpuRatio: 2 },
  native: { writes: 1.1, reads: 1.2, sentBytes: 2000, heapBytes: 57_000, cpuRatio: 2.6 },
};
/** What the planted regression must break. */
export const FOUND_BY = ['writes', 'heapBytes', 'cpuRatio'];
/** Connections to PHP for 16 that are kept: one each, and a few where a request came before an answer's connection was free again. */
export const MAX_UPSTREAM_CONNECTIONS = 32;
