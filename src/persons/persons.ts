import { ownerKey } from '../replication/index.js';
import type { Logger } from '../trace/index.js';
import type { GatewayPerson } from './gateway-person.js';
import type { Person, PersonParts } from './person-part.js';
import type { PersonDecision, PersonRecordStore } from './person-records.store.js';
import type { PartFacts, PhpPerson } from './php-person.js';

/** Both stores. */
export type PersonStore = 'php' | 'gateway';

/** How much there is of a person, by store and part. `php` is null where no PHP application keeps data for this gateway. */
export interface PersonInventory {
  readonly php: Readonly<Record<string, PartFacts>> | null;
  readonly gateway: Readonly<Record<string, PartFacts>>;
}

/** Whose data, and in which request. */
export interface PersonAsk {
  readonly subject: string;
  readonly email: string | undefined;
  readonly traceId: string;
}

export interface EraseAsk extends PersonAsk, PersonDecision {
  /** With the user's account, so that nobody signs in as this person again. */
  readonly withAccount: boolean;
}

/** What an erasure has found and left. `signature`: HMAC over the manifest's JSON text, by which this gateway knows it again. */
export interface ErasureReport {
  readonly record: string;
  readonly manifest: ErasureManifest;
  readonly signature: string;
}

interface ErasureManifest {
  readonly subjectHash: string;
  readonly by: string;
  readonly reason: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly withAccount: boolean;
  /** Counts and keyed hashes of what was there. */
  readonly before: PersonInventory;
  /** What a look at both stores anew has found. */
  readonly after: PersonInventory;
  readonly isComplete: boolean;
}

/** What is kept of one person, in both stores: told, handed over, erased. Methods throw GatewayError and DatabaseUnavailableError. */
export class Persons {
  constructor(
    private readonly php: PhpPerson,
    private readonly gateway: GatewayPerson,
    private readonly parts: PersonParts,
    private readonly records: PersonRecordStore,
    private readonly logger: Logger,
  ) {}

  async inspect(ask: PersonAsk): Promise<PersonInventory> {
    const person = personOf(ask);
    return this.look(person, await this.addressesOf(person, ask.traceId), ask.traceId);
  }

  /** Begins an export: notes it, and says what there is. */
  async beginExport(
    ask: PersonAsk,
    decision: PersonDecision,
  ): Promise<{ readonly record: string; readonly parts: PersonInventory }> {
    const parts = await this.inspect(ask);
    const record = await this.records.begin('export', ask.subject, decision, this.keyed(parts));
    await this.records.settle(record, 'complete', this.keyed(parts));
    this.logger.info({ record, by: decision.by, traceId: ask.traceId }, 'person.export');
    return { record, parts };
  }

  /** One part of an export. */
  async exportPart(ask: PersonAsk, store: PersonStore, part: string): Promise<readonly unknown[]> {
    const person = personOf(ask);
    if (store === 'php') return this.php.read(part, person, ask.traceId);
    return this.gateway.read(part, person, await this.addressesOf(person, ask.traceId));
  }

  /**
   * Erases everything, and looks again. Killed in the midst of it, it is done again from the beginning: each step finds less, and
   * does no harm. PHP is first, since it may be away: then nothing is removed anywhere, but sign-ins have ended.
   */
  async erase(ask: EraseAsk): Promise<ErasureReport> {
    const { traceId, by, reason, withAccount } = ask;
    const person = personOf(ask);
    const startedAt = new Date().toISOString();
    const addresses = await this.addressesOf(person, traceId);
    const before = this.keyed(await this.look(person, addresses, traceId));
    const subjectHash = this.records.subjectHash(person.subject);
    const head = { subjectHash, by, reason, startedAt, withAccount, before };
    const record = await this.records.begin('erase', person.subject, { by, reason }, head);
    this.logger.info({ record, by, traceId }, 'person.erase.begun');
    await this.parts.end(person);
    await this.gateway.close(person);
    if (this.php.isThere) await this.php.erase(person, false, traceId);
    await this.gateway.erase(person, addresses);
    // Last: it knows the address by which a second attempt finds what the first one has left.
    if (this.php.isThere && withAccount) await this.php.erase(person, true, traceId);
    await this.parts.end(person);
    const after = this.keyed(await this.look(person, addresses, traceId));
    const isComplete = isEmpty(after, withAccount);
    const manifest = { ...head, endedAt: new Date().toISOString(), after, isComplete };
    await this.records.settle(record, isComplete ? 'complete' : 'incomplete', manifest);
    this.logger.info({ record, isComplete, traceId }, 'person.erase.ended');
    return { record, manifest, signature: this.records.mac('manifest', JSON.stringify(manifest)) };
  }

  private async look(person: Person, addresses: readonly string[], traceId: string): Promise<PersonInventory> {
    const php = this.php.isThere ? await this.php.inspect(person, traceId) : undefined;
    const gateway = await this.gateway.inspect(person, addresses);
    return { php: php === undefined ? null : Object.fromEntries(php), gateway: Object.fromEntries(gateway) };
  }

  /** The address that was named and the one of the account, for what knows persons by their addresses alone. */
  private async addressesOf(person: Person, traceId: string): Promise<readonly string[]> {
    const own = this.php.isThere ? await this.php.addresses(person, traceId) : [];
    return [...new Set([...(person.email === undefined ? [] : [person.email]), ...own])];
  }

  /** Of a short text, such as settings, a plain hash could be found out by trying. */
  private keyed({ php, gateway }: PersonInventory): PersonInventory {
    const keyed = (parts: Readonly<Record<string, PartFacts>>): Record<string, PartFacts> =>
      Object.fromEntries(
        Object.entries(parts).map(([name, { count, sha256 }]) => [
          name,
          { count, sha256: this.records.mac(name, sha256) },
        ]),
      );
    return { php: php === null ? null : keyed(php), gateway: keyed(gateway) };
  }
}

function personOf({ subject, email }: PersonAsk): Person {
  return { subject, owner: ownerKey(subject), email: email?.toLowerCase() };
}

function isEmpty({ php, gateway }: PersonInventory, withAccount: boolean): boolean {
  const left = [
    ...Object.entries(php ?? {}).filter(([name]) => withAccount || name !== 'account'),
    ...Object.entries(gateway),
  ];
  return left.every(([, { count }]) => count === 0);
}
