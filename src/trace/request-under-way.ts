import { AsyncLocalStorage } from 'node:async_hooks';
import type { Exchange } from './exchange.js';
import type { Timeline } from './timeline.js';

/**
 * What a request opens and leaves open (a connection to PHP, to the database, a timer) keeps what stands here for as long as it lives. So that is a
 * place which is empty once the answer is out, and not the exchange with its body.
 */
interface Place {
  exchange: Exchange | undefined;
  /** Of a branch; a request's own is its exchange's. It holds nothing of the request. */
  readonly timeline: Timeline | undefined;
  readonly outer: Place | undefined;
}

const requests = new AsyncLocalStorage<Place>();

/** Serves a request: what is logged until its answer is out or its client gone, however deep, is known as its. */
export function serving(exchange: Exchange, serve: () => void): void {
  const place: Place = { exchange, timeline: undefined, outer: undefined };
  exchange.res.once('close', () => (place.exchange = undefined));
  requests.run(place, serve);
}

/** Does work beside the request that is served here: what happens in it, however deep, is noted in that work's own timeline. */
export function besides(timeline: Timeline, work: () => void): void {
  requests.run({ exchange: undefined, timeline, outer: requests.getStore() }, work);
}

/** The request that is served here; undefined for what outlives it. */
export function requestHere(): Exchange | undefined {
  const place = requests.getStore();
  return place?.exchange ?? place?.outer?.exchange;
}

/** Where what happens here is noted; undefined where nobody's request is served. */
export function timelineHere(): Timeline | undefined {
  const place = requests.getStore();
  return place?.timeline ?? place?.exchange?.timeline;
}
