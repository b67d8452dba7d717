import { readAddress } from '../../config/index.js';
import type { Person, PersonPart } from '../../persons/index.js';
import type { PersonKeys } from './desk-rows.js';
import type { MailHashes } from './mail-hashes.js';

/** A person's mail: written in the user's name, or for one of the addresses. Of sent mail only that it was sent. */
export function mailOfPerson(hashes: MailHashes): PersonPart {
  const keysOf = ({ subject, addresses }: Person): PersonKeys => ({
    ownerHash: hashes.owner(subject),
    // As recipients are kept; an account may have been given another spelling of its host name.
    recipientHashes: addresses.map((address) => hashes.recipient(readAddress(address) ?? address)),
  });
  return {
    name: 'mail',

    async read(trx, person, after = '') {
      const { DeskRows } = await import('./desk-rows.js');
      const items = await new DeskRows(trx).pageOfPerson(keysOf(person), after);
      return { items, next: items.at(-1)?.id };
    },

    // Sent or not: what waits is not sent any more, but what is just being handed over.
    async erase(trx, person) {
      const { DeskRows } = await import('./desk-rows.js');
      await new DeskRows(trx).eraseOfPerson(keysOf(person));
    },
  };
}
