import type { Transaction } from 'kysely';
import type { Tables } from '../database/index.js';

/** Whose data. */
export interface Person {
  /** The identity's subject: the id of the user. */
  readonly subject: string;
  /** The owner's key (`ownerKey`). */
  readonly owner: string;
  /** By which those parts know him that know no owner; in small letters. */
  readonly email: string | undefined;
  /** The same and those of the account, as far as PHP could be asked; in small letters. */
  readonly addresses: readonly string[];
}

/** What is handed over at a time. */
export interface PersonPage {
  readonly items: readonly unknown[];
  /** Where the next page begins; undefined: this is the last one. */
  readonly next?: string | undefined;
}

/** One kind of a person's data among the gateway's rows. */
export interface PersonPart {
  readonly name: string;
  /** A bounded page of it, as it is handed to the person: the first one, or the one that begins at `after`, somebody's `next`. */
  read(trx: Transaction<Tables>, person: Person, after?: string): Promise<PersonPage>;
  /** Removes it; what came in while the person's tombstone stood already is refused by who writes. */
  erase(trx: Transaction<Tables>, person: Person): Promise<void>;
}

/** What ends beside rows when a person is erased: sign-ins, stored answers. Done again it does no harm. */
export type PersonEnding = (person: Person) => Promise<void>;

/** The parts that are known: each room brings its own when it starts. */
export class PersonParts {
  private readonly parts: PersonPart[] = [];
  private readonly endings: PersonEnding[] = [];

  register(part: PersonPart): void {
    this.parts.push(part);
  }

  onErase(ending: PersonEnding): void {
    this.endings.push(ending);
  }

  all(): readonly PersonPart[] {
    return this.parts;
  }

  async end(person: Person): Promise<void> {
    for (const ending of this.endings) await ending(person);
  }
}
