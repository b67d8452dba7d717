import { LRUCache } from 'lru-cache';

/** Owners and collections; some 200 bytes each. */
const MAX_KNOWN = 20_000;

/**
 * The versions of PHP's documents that this process has met last. They spare PHP from sending a document that is here already;
 * whether the rows say the same is decided by the database.
 */
export class KnownVersions {
  private readonly versions = new LRUCache<string, string>({ max: MAX_KNOWN });

  of(collection: string, owner: string): string | undefined {
    return this.versions.get(`${collection} ${owner}`);
  }

  note(collection: string, owner: string, version: string): void {
    this.versions.set(`${collection} ${owner}`, version);
  }
}
