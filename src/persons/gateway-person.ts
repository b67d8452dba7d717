import { createHash } from 'node:crypto';
import type { Database } from '../database/index.js';
import type { MailDesk } from '../outbound/index.js';
import type { Replication } from '../replication/index.js';
import type { Person, PersonPart, PersonParts } from './person-part.js';
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
    return rows;
  },
  // With the states, under the owner's locks.
  erase: async () => undefined,
};

/** How the rows stood to PHP's documents: nothing of a person but that there was one. */
const STATES: PersonPart = {
  name: 'replicationStates',
  async read(trx, { owner }) {
    return trx
      .selectFrom('replication_owner')
      .select(['collection', 'confirmed_at'])
      .where('owner', '=', owner)
      .orderBy('collection')
      .execute();
  },
  erase: async () => undefined,
};

const MAIL = 'mail';

/** A person in the gateway's rows. Each method throws DatabaseUnavailableError. */
export class GatewayPerson {
  constructor(
    private readonly database: Database,
    private readonly parts: PersonParts,
    private readonly replication: Replication,
    private readonly mail: MailDesk,
  ) {}

  async inspect(person: Person, addresses: readonly string[]): Promise<ReadonlyMap<string, PartFacts>> {
    const found = new Map<string, PartFacts>();
    for (const name of this.names()) {
      const items = await this.read(name, person, addresses);
      const sha256 = createHash('sha256').update(JSON.stringify(items)).digest('hex');
      found.set(name, { count: items.length, sha256 });
    }
    return found;
  }

  names(): readonly string[] {
    return [...this.all().map(({ name }) => name), MAIL];
  }

  async read(name: string, person: Person, addresses: readonly string[]): Promise<readonly unknown[]> {
    if (!this.database.hasData) return [];
    if (name === MAIL) return this.mail.findOfPerson(person.subject, addresses);
    const part = this.all().find((known) => known.name === name);
    return part === undefined ? [] : this.database.transaction((trx) => part.read(trx, person));
  }

  /** From now on, nothing of this person is written for some minutes. */
  async close(person: Person): Promise<void> {
    await this.database.transaction((trx) => raiseTombstone(trx, person.owner));
  }

  /** Removes it all, in one transaction; mail besides, which knows nothing of owners. After `close`. */
  async erase(person: Person, addresses: readonly string[]): Promise<void> {
    await this.database.transaction(async (trx) => {
      // The locks of the owner: who has begun to write is waited for, who comes later meets the tombstone.
      await this.replication.forgetOwner(trx, person.owner);
      for (const part of this.all()) await part.erase(trx, person);
    });
    await this.mail.eraseOfPerson(person.subject, addresses);
  }

  private all(): readonly PersonPart[] {
    return [...this.parts.all(), PENDING, STATES];
  }
}
