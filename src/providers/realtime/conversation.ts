import { makeId } from './event-outlet.js';
import type { Item } from './item.js';
import { Refusal } from './refusal.js';

const KEPT_ITEMS = 1000;

/** What has been said and written in a session, in order; what is too much or too old for it is forgotten. */
export class Conversation {
  readonly id = makeId('conv');
  #items: Item[] = [];
  #bytes = 0;

  /** @param maxBytes of its items, with their audio */
  constructor(private readonly maxBytes: number) {}

  get lastId(): string | null {
    return this.#items.at(-1)?.id ?? null;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  find(id: unknown): Item | undefined {
    return this.#items.find((item) => item.id === id);
  }

  /**
   * Puts an item behind another one, at the beginning (`root`) or at the end.
   * @returns the id of the item before it, `null` for the first
   */
  add(item: Item, after?: string): string | null | Refusal {
    if (this.find(item.id) !== undefined)
      return new Refusal(`An item with the id '${item.id}' exists already.`, 'invalid_value', 'item.id');
    const at = after === undefined ? this.#items.length : after === 'root' ? 0 : this.#indexOf(after) + 1;
    if (at === 0 && after !== undefined && after !== 'root')
      return new Refusal(`Previous item with ID '${after}' not found.`, 'invalid_value', 'previous_item_id');
    this.#items.splice(at, 0, item);
    const previous = this.#items[at - 1]?.id ?? null;
    this.#bytes += sizeOf(item);
    this.#forget();
    return previous;
  }

  replace(id: string, change: Partial<Item>): void {
    const at = this.#indexOf(id);
    const item = this.#items[at];
    if (item === undefined) return;
    const changed = { ...item, ...change };
    this.#bytes += sizeOf(changed) - sizeOf(item);
    this.#items[at] = changed;
  }

  remove(id: string): void {
    const item = this.find(id);
    if (item === undefined) return;
    this.#bytes -= sizeOf(item);
    this.#items = this.#items.filter((one) => one !== item);
  }

  #indexOf(id: string): number {
    return this.#items.findIndex((item) => item.id === id);
  }

  #forget(): void {
    while (this.#items.length > KEPT_ITEMS || (this.#bytes > this.maxBytes && this.#items.length > 1)) {
      const [oldest] = this.#items;
      if (oldest === undefined) return;
      this.remove(oldest.id);
    }
  }
}

function sizeOf({ view, pcm }: Item): number {
  return JSON.stringify(view).length + (pcm?.byteLength ?? 0);
}
