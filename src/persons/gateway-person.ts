import { createHash } from 'node:crypto';
import type { Database } from '../database/index.js';
import type { Replication } from '../replication/index.js';
import type { Person, PersonPage, PersonPart, PersonParts } from './person-part.js';
import type { PartFacts } from './php-person.js';
import { raiseTombstone } from './tombstones.js';

/** Changes that wait for PHP; each says what was changed. */
const PENDING: PersonPart = {
  name: 'pendingChanges',
  async read(trx, { owner }) {
    const rows = await trx
      .selectFrom('replication_outbox')
      .select(['collection', 'change', 'at'])
      .where('owner', '=', owner)
      .orderBy('seq')
      .execute();
    return { items: rows };
  },
  // With the states, under the owner's locks.
  erase: async () => undefined,
};

/** How the rows stood to PHP's documents: nothing of a person but that there was one. */
const STATES: PersonPart = {
  name: 'replicationStates',
  async read(trx, { owner }) {
    const rows = await trx
      .selectFrom('replication_owner')
      .select(['collection', 'confirmed_at'])
      .where('owner', '=', owner)
      .orderBy('collection')
      .execute();
    return { items: rows };
  },
  erase: async () => undefined,
};

/** A person in the gateway's rows. Each method throws DatabaseUnavailableError. */
export class GatewayPerson {
  constructor(
    private readonly database: Database,
    private readonly parts: PersonParts,
    private readonly replication: Replication,
  ) {}

  /** Counts all of it; of each part one page at a time is in memory. */
  async inspect(person: Person): Promise<ReadonlyMap<string, PartFacts>> {
    const found = new Map<string, PartFacts>();
    for (const { name } of this.all()) {
      const hash = createHash('sha256');
      let count = 0;
      let after: string | undefined;
      do {
        const { items, next } = await this.read(name, person, after);
        hash.update(JSON.stringify(items));
        count += items.length;
        after = next;
      } while (after !== undefined);
      found.set(name, { count, sha256: hash.digest('hex') });
    }
    return found;
  }

  async read(name: string, person: Person, after?: string): Promise<PersonPage> {
    const part = this.all().find((known) => known.name === name);
    if (part === undefined || !this.database.hasData) return { items: [] };
    return this.database.transaction((trx) => part.read(trx, person, after));
  }

  /** From now on, nothing of this person is written for some minutes. */
  async close(person: Person): Promise<void> {
    await this.database.transaction((trx) => raiseTombstone(trx, person.owner));
  }

  /** Removes it all, in one transaction. After `close`. */
  async erase(person: Person): Promise<void> {
    await this.database.transaction(async (trx) => {
      // The locks of the owner: who has begun to write is waited for, who comes later meets the tombstone.
      await this.replication.forgetOwner(trx, person.owner);
      for (const part of this.all()) await part.erase(trx, person);
    });
  }

  private all(): readonly PersonPart[] {
    return [...this.parts.all(), PENDING, STATES];
  }
}
