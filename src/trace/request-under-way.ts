import { AsyncLocalStorage } from 'node:async_hooks';
import type { Exchange } from './exchange.js';

const requests = new AsyncLocalStorage<Exchange>();

/** Serves a request: what is logged meanwhile, however deep, is known as its. */
export function serving(exchange: Exchange, serve: () => void): void {
  requests.run(exchange, serve);
}

/** The request that is served here, or was: a timer or connection that it began outlives it (`isClosed`). */
export function requestHere(): Exchange | undefined {
  return requests.getStore();
}
