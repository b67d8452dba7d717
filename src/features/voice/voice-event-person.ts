import type { PersonPart } from '../../persons/index.js';

/** Of a page; there are 200,000 events of all persons at most. */
const PAGE = 5000;

/** What a person's clients have reported of voice sessions. */
export const VOICE_EVENTS_OF_PERSON: PersonPart = {
  name: 'voiceEvents',

  async read(trx, { owner }, after = '') {
    const items = await trx
      .selectFrom('voice_event')
      .select(['id', 'session_id', 'type', 'latency_name', 'latency_ms', 'occurred_at', 'recorded_at'])
      .where('owner', '=', owner)
      .where('id', '>', after)
      // Not by time: there is no cutting between two of the same moment.
      .orderBy('id')
      .limit(PAGE)
      .execute();
    return { items, next: items.length < PAGE ? undefined : items.at(-1)?.id };
  },

  async erase(trx, { owner }) {
    await trx.deleteFrom('voice_event').where('owner', '=', owner).execute();
  },
};
