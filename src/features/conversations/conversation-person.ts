import type { PersonPart } from '../../persons/index.js';
import { CONVERSATIONS } from './conversations.collection.js';

/** A person's conversations as rows: what was said in them included. */
export const CONVERSATIONS_OF_PERSON: PersonPart = {
  name: 'conversations',

  async read(trx, { owner }) {
    const document = await CONVERSATIONS.document(trx, owner);
    if (document === undefined) return { items: [] };
    return { items: (JSON.parse(document) as { readonly conversations: readonly unknown[] }).conversations };
  },

  async erase(trx, { owner }) {
    // Their messages go with them.
    await trx.deleteFrom('conversation').where('owner', '=', owner).execute();
  },
};
