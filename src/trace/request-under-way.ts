import { AsyncLocalStorage } from 'node:async_hooks';
import type { Exchange } from './exchange.js';

/**
 * What a request opens and leaves open (a connection to PHP, to the database, a timer) keeps what stands here for as long as it lives. So that is a
 * place which is empty once the answer is out, and not the exchange with its body.
 */
interface Place {
  exchange: Exchange | undefined;
}

const requests = new AsyncLocalStorage<Place>();

/** Serves a request: what is logged until its answer is out or its client gone, however deep, is known as its. */
export function serving(exchange: Exchange, serve: () => void): void {
  const place: Place = { exchange };
  exchange.res.once('close', () => (place.exchange = undefined));
  requests.run(place, serve);
}

/** The request that is served here; undefined for what outlives it. */
export function requestHere(): Exchange | undefined {
  return requests.getStore()?.exchange;
}
