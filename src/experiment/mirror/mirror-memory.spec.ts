import { expect, it, jest } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { GatewayConfig } from '../../config/index.js';
import { loadRouteTable } from '../../routing/index.js';
import { Exchange, traceFrom } from '../../trace/index.js';
import { EvidenceBook } from '../evidence/index.js';
import { Mirror } from './mirror.js';

jest.setTimeout(120_000);

const COUNT = 5000;
const BODY = 'x'.repeat(8 * 1024);
const TABLE = loadRouteTable(
  `
upstreams: { php: { targets: ['http://127.0.0.1:9'] } }
policies: { authorization: { public: {} } }
defaults: { authorization: public }
routes: { list: { match: { path: /list }, upstream: php, handler: list, stage: mirror } }
`,
  { file: 'routes.yaml', phpTargets: [], handlers: new Set(['list']) },
);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function heldBytes(): Promise<number> {
  // What finalizers and closed handles free takes turns of the loop.
  for (let turn = 0; turn < 3; turn += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function open(at: number): Exchange {
  const req = new IncomingMessage(new Socket());
  Object.assign(req, { method: 'GET', url: `/list?at=${at}` });
  const res = new ServerResponse(req);
  return Object.assign(new Exchange(req, res, traceFrom(undefined, undefined)), {
    path: '/list',
    search: `?at=${at}`,
    route: TABLE.routes[0],
  });
}

it('a mirror holds nothing of ten thousand large answers, whether they match, differ or never come', async () => {
  const book = new EvidenceBook({ version: '1' } as GatewayConfig);
  book.use(TABLE);
  const mirror = new Mirror(book);
  const [route] = TABLE.routes;
  if (route === undefined) throw new Error('no route');
  let at = 0;
  const says = (exchange: Exchange, text: string): void => {
    exchange.res.setHeader('Content-Type', 'application/json');
    exchange.res.end(JSON.stringify({ text }));
  };
  const ask = mirror.forRoute(route, {
    candidate: (exchange) => {
      // One of ten says something else each time, one of a hundred throws.
      if (at % 100 === 50) throw new Error('dead');
      says(exchange, at % 10 === 5 ? `${BODY}${at}` : BODY);
    },
    again: (exchange) => says(exchange, BODY),
  });
  const load = async (until: number): Promise<void> => {
    for (; at < until; at += 1) {
      const exchange = open(at);
      ask(exchange, { url: '/native', body: undefined, action: undefined });
      says(exchange, BODY);
      // As the server does when the answer is out.
      Object.defineProperty(exchange.res, 'writableFinished', { value: true });
      exchange.res.emit('close');
      while (mirror.logOf('list').underWay > 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await load(400);
  const before = await heldBytes();
  await load(COUNT);
  const more = (await heldBytes()) - before;
  const { classes } = book.of('list')?.merged() ?? {};
  expect((classes?.match ?? 0) + (classes?.mismatch ?? 0) + (classes?.['candidate-error'] ?? 0)).toBeGreaterThan(4500);
  expect(classes?.mismatch).toBeGreaterThan(400);
  expect(classes?.['candidate-error']).toBeGreaterThan(40);
  // All answers kept would be 80 MB; one of twenty, 4 MB.
  expect(more).toBeLessThan(4_000_000);
});

it('a mirror finds the one request of ten thousand in which one field is wrong, keeps it, and lets nobody on', async () => {
  const book = new EvidenceBook({ version: '1' } as GatewayConfig);
  book.use(TABLE);
  const mirror = new Mirror(book);
  const [route] = TABLE.routes;
  if (route === undefined) throw new Error('no route');
  let at = 0;
  const says = ({ res }: Exchange, total: number): void => {
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ items: [{ id: 7, total, owner: 'alice@example.com' }] }));
  };
  const ask = mirror.forRoute(route, {
    candidate: (exchange) => says(exchange, at === 7321 ? 11 : 10),
    again: (exchange) => says(exchange, 10),
  });
  let wrong = '';
  for (; at < 10_000; at += 1) {
    const exchange = open(at);
    if (at === 7321) wrong = exchange.traceId;
    ask(exchange, { url: '/native', body: undefined, action: undefined });
    says(exchange, 10);
    Object.defineProperty(exchange.res, 'writableFinished', { value: true });
    exchange.res.emit('close');
    const done = at + 1;
    const compared = (): number =>
      Object.values(book.of('list')?.snapshot().classes ?? {}).reduce((sum, n) => sum + n, 0);
    while (compared() < done) await new Promise((resolve) => setImmediate(resolve));
  }
  const evidence = book.of('list');
  expect(evidence?.merged().classes).toEqual({
    match: 9999,
    ignored: 0,
    mismatch: 1,
    'candidate-error': 0,
    'not-comparable': 0,
  });
  expect(evidence?.merged().fields.worst(5)).toEqual([
    expect.objectContaining({ field: '/items/*/total', observations: 1 }),
  ]);
  const [sample] = evidence?.lastSamples() ?? [];
  // Which one it was: its trace; the number in its query is a stand-in.
  expect(sample?.traceId).toBe(wrong);
  expect(sample?.request).toMatchObject({ method: 'GET', target: expect.stringMatching(/^\/list\?at=\d+$/) });
  expect(JSON.stringify(evidence?.lastSamples())).not.toContain('alice');
});
