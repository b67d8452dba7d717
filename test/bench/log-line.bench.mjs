// What a log line costs, written to nowhere: the line of a request as it is (marked safe), the same searched, and plain pino.
//   npm run build && node test/bench/log-line.bench.mjs
import { pino } from 'pino';
import { Pseudonyms } from '../../dist/privacy/index.js';
import { createLogger, writeKnownSafe } from '../../dist/trace/logger.js';

const nowhere = { write: () => true };
const plain = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, nowhere);
const cleaning = createLogger({
  level: 'info',
  pseudonyms: Pseudonyms.from('a secret of at least thirty-two bytes'),
  destination: nowhere,
});
const line = () => ({
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  method: 'GET',
  route: 'conversations.list',
  stage: 'canary',
  status: 200,
  ms: 12.3,
  servedBy: 'upstream',
  upstreamMs: 11.1,
});
const cases = {
  'plain pino': () => plain.info(line(), 'request'),
  'request, marked safe': () => writeKnownSafe(cleaning, 'info', line(), 'request'),
  'the same, searched': () => cleaning.info(line(), 'request'),
  'a fault with an address': () =>
    cleaning.warn(
      { traceId: line().traceId, fault: 'no answer for anna@post.example from 203.0.113.9' },
      'the mail was not taken',
    ),
};
const ROUNDS = 5;
const TIMES = 40_000;
const best = {};
for (let round = 0; round < ROUNDS; round++)
  for (const [name, run] of Object.entries(cases)) {
    const startedAt = performance.now();
    for (let i = 0; i < TIMES; i++) run();
    const us = ((performance.now() - startedAt) / TIMES) * 1000;
    best[name] = Math.min(best[name] ?? Infinity, us);
  }
for (const [name, us] of Object.entries(best)) console.log(`${name.padEnd(26)} ${us.toFixed(2)} µs`);
