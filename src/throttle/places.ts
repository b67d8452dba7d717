/** Places under keys, as many under each as its bound says: for what may be under way at the same time. */
export interface Places {
  /** Takes a place; false where all are taken. At once, as a rule. Never rejects. */
  enter(key: string, max: number): boolean | Promise<boolean>;
  /** Gives one back that was taken. */
  leave(key: string): void;
}

/** The places of a process that is alone. */
export class LocalPlaces implements Places {
  private readonly taken = new Map<string, number>();

  enter(key: string, max: number): boolean {
    const count = this.taken.get(key) ?? 0;
    if (count >= max) return false;
    this.taken.set(key, count + 1);
    return true;
  }

  leave(key: string): void {
    const count = this.taken.get(key) ?? 0;
    if (count > 1) this.taken.set(key, count - 1);
    else this.taken.delete(key);
  }
}

/** Nest token of the `Places` that all workers of this instance share. */
export const PLACES = Symbol('places');
