import type { Exchange } from './trace/index.js';

/**
 * The requests whose answers are not out yet. An array in which the last takes the place of one that leaves, and not a `Set`: a `Set`
 * that many pass through makes a new table every few dozen of them, and each table that it left, once it is old, keeps what stood in
 * it and the tables after it from being collected young. With fifty requests at once that was a third of the gateway's time (ADR 0037).
 */
export class OpenExchanges {
  private readonly list: Exchange[] = [];

  get size(): number {
    return this.list.length;
  }

  add(exchange: Exchange): void {
    exchange.openAt = this.list.length;
    this.list.push(exchange);
  }

  has(exchange: Exchange): boolean {
    return exchange.openAt !== -1;
  }

  /** @returns false where it had left before */
  delete(exchange: Exchange): boolean {
    const at = exchange.openAt;
    if (at === -1) return false;
    exchange.openAt = -1;
    const last = this.list.pop();
    if (last !== undefined && last !== exchange) {
      this.list[at] = last;
      last.openAt = at;
    }
    return true;
  }

  [Symbol.iterator](): Iterator<Exchange> {
    return this.list[Symbol.iterator]();
  }
}
