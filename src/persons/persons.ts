import { readAddress } from '../config/index.js';
import { GatewayError } from '../contract/index.js';
import { ownerKey } from '../replication/index.js';
import type { Logger } from '../trace/index.js';
import type { GatewayPerson } from './gateway-person.js';
import type { Person, PersonPage, PersonParts } from './person-part.js';
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
    return this.look(await this.personOf(ask), ask.traceId);
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

  /** One part of an export, or a page of it: PHP's parts are documents, and come whole. */
  async exportPart(ask: PersonAsk, store: PersonStore, part: string, after?: string): Promise<PersonPage> {
    if (store === 'php') return { items: await this.php.read(part, readPerson(ask), ask.traceId) };
    return this.gateway.read(part, await this.personOf(ask), after);
  }

  /**
   * Erases everything, and looks again. Killed in the midst of it, it is done again from the beginning: each step finds less, and
   * does no harm. PHP is first, since it may be away: then nothing is removed anywhere, but sign-ins have ended.
   */
  async erase(ask: EraseAsk): Promise<ErasureReport> {
    const { traceId, by, reason, withAccount } = ask;
    const startedAt = new Date().toISOString();
    const person = await this.personOf(ask);
    const before = this.keyed(await this.look(person, traceId));
    const subjectHash = this.records.subjectHash(person.subject);
    const head = { subjectHash, by, reason, startedAt, withAccount, before };
    const record = await this.records.begin('erase', person.subject, { by, reason }, head);
    this.logger.info({ record, by, traceId }, 'person.erase.begun');
    await this.parts.end(person);
    await this.gateway.close(person);
    if (this.php.isThere) await this.php.erase(person, false, traceId);
    await this.gateway.erase(person);
    // Last: it knows the address by which a second attempt finds what the first one has left.
    if (this.php.isThere && withAccount) await this.php.erase(person, true, traceId);
    await this.parts.end(person);
    const after = this.keyed(await this.look(person, traceId));
    const isComplete = isEmpty(after, withAccount);
    const manifest = { ...head, endedAt: new Date().toISOString(), after, isComplete };
    await this.records.settle(record, isComplete ? 'complete' : 'incomplete', manifest);
    this.logger.info({ record, isComplete, traceId }, 'person.erase.ended');
    return { record, manifest, signature: this.records.mac('manifest', JSON.stringify(manifest)) };
  }

  private async look(person: Person, traceId: string): Promise<PersonInventory> {
    const php = this.php.isThere ? await this.php.inspect(person, traceId) : undefined;
    const gateway = await this.gateway.inspect(person);
    return { php: php === undefined ? null : Object.fromEntries(php), gateway: Object.fromEntries(gateway) };
  }

  /** With the account's address beside the one that was named, for what knows persons by their addresses alone. */
  private async personOf(ask: PersonAsk): Promise<Person> {
    const person = readPerson(ask);
    const own = this.php.isThere ? await this.php.addresses(person, ask.traceId) : [];
    return { ...person, addresses: [...new Set([...person.addresses, ...own])] };
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

/** @throws GatewayError VALIDATION_FAILED for an address that neither store could have */
function readPerson({ subject, email: named }: PersonAsk): Person {
  // As PHP has it and mail is sent to it: the host name in ASCII.
  const email = named === undefined ? undefined : readAddress(named)?.toLowerCase();
  if (named !== undefined && email === undefined)
    throw new GatewayError('VALIDATION_FAILED', { validationErrors: { email: 'must be an e-mail address' } });
  return { subject, owner: ownerKey(subject), email, addresses: email === undefined ? [] : [email] };
}

function isEmpty({ php, gateway }: PersonInventory, withAccount: boolean): boolean {
  const left = [
    ...Object.entries(php ?? {}).filter(([name]) => withAccount || name !== 'account'),
    ...Object.entries(gateway),
  ];
  return left.every(([, { count }]) => count === 0);
}
