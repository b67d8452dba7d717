import { type Desk, type Link, topic } from '../workers/index.js';

/** Asks for so many places; answered with how many there were, 0 where really all are taken. */
export const LEASE_PLACES = topic<readonly [key: string, max: number, wanted: number], number>('places.lease');
/** Gives leased places back. */
export const RETURN_PLACES = topic<readonly (readonly [key: string, count: number])[]>('places.return');
/** Asks a worker for the places that it has leased and nobody uses; answered with how many those were. */
export const RECALL_PLACES = topic<string, number>('places.recall');

/** Lends the places of all workers: never more than there are; none is refused while another worker has one to spare. */
export class PlaceDesk implements Desk {
  private readonly leased = new Map<string, Map<Link, number>>();
  private readonly recalls = new Map<string, Promise<void>>();

  serve(link: Link, all: () => readonly Link[]): void {
    link.handle(LEASE_PLACES, async ([key, max, wanted]) => {
      const granted = this.grant(link, key, max, wanted);
      if (granted > 0) return granted;
      await this.recall(
        key,
        all().filter((one) => one !== link),
      );
      return this.grant(link, key, max, 1);
    });
    link.handle(RETURN_PLACES, (lines) => {
      for (const [key, count] of lines) this.change(link, key, -count);
    });
  }

  leave(link: Link): void {
    for (const [key, holders] of this.leased) {
      holders.delete(link);
      if (holders.size === 0) this.leased.delete(key);
    }
  }

  private grant(link: Link, key: string, max: number, wanted: number): number {
    let taken = 0;
    for (const count of this.leased.get(key)?.values() ?? []) taken += count;
    const granted = Math.max(0, Math.min(wanted, max - taken));
    if (granted > 0) this.change(link, key, granted);
    return granted;
  }

  /** One question to the others for all who want the key meanwhile. */
  private recall(key: string, others: readonly Link[]): Promise<void> {
    const known = this.recalls.get(key);
    if (known !== undefined) return known;
    const holders = others.filter((other) => this.leased.get(key)?.has(other));
    const asked = holders.map(async (other) => {
      const returned = (count: number): void => this.change(other, key, -count);
      // One that stands still keeps what it has, until it answers or ends.
      await other.ask(RECALL_PLACES, key, { withinMs: 200, onLate: returned }).then(returned, () => undefined);
    });
    const recalled = Promise.all(asked)
      .then(() => undefined)
      .finally(() => this.recalls.delete(key));
    this.recalls.set(key, recalled);
    return recalled;
  }

  private change(link: Link, key: string, by: number): void {
    const holders = this.leased.get(key) ?? new Map<Link, number>();
    const count = (holders.get(link) ?? 0) + by;
    if (count > 0) holders.set(link, count);
    else holders.delete(link);
    if (holders.size > 0) this.leased.set(key, holders);
    else this.leased.delete(key);
  }
}
