import type { Exchange } from '../trace/index.js';
import { Tally } from './tally.js';

/** A request whose answer is out, or whose client is gone. */
export interface EndedRequest {
  readonly exchange: Exchange;
  /** 499: the client left. */
  readonly status: number;
  /** From the head to the end of the answer. */
  readonly ms: number;
}

/** Takes note of every request that has ended. Called on the way of each of them: it does little, and throws nothing. */
export type RequestObserver = (ended: EndedRequest) => void;

/** Those who look at every request when it has ended: what is counted, shown or kept of it is told in one place. */
export class RequestWatch {
  private readonly observers: RequestObserver[] = [];
  /** What came in and could not be read as a request, by the error code of its answer. */
  readonly unreadable = new Tally();
  private readOpen: () => number = () => 0;

  /** Requests whose answers are not out yet. */
  get openCount(): number {
    return this.readOpen();
  }

  /** Who knows how many requests are open. */
  countOpen(read: () => number): void {
    this.readOpen = read;
  }

  add(observer: RequestObserver): void {
    this.observers.push(observer);
  }

  ended(request: EndedRequest): void {
    for (const observe of this.observers) observe(request);
  }
}
