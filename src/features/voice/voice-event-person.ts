import type { PersonPart } from '../../persons/index.js';

/** Of an export: there are 200,000 events of all persons at most. */
const MAX_EVENTS = 50_000;

/** What a person's clients have reported of voice sessions. */
export const VOICE_EVENTS_OF_PERSON: PersonPart = {
  name: 'voiceEvents',

  async read(trx, { owner }) {
    return trx
      .selectFrom('voice_event')
      .select(['id', 'session_id', 'type', 'latency_name', 'latency_ms', 'occurred_at', 'recorded_at'])
      .where('owner', '=', owner)
      .orderBy('recorded_at')
      .orderBy('id')
      .limit(MAX_EVENTS)
      .execute();
  },

  async erase(trx, { owner }) {
    await trx.deleteFrom('voice_event').where('owner', '=', owner).execute();
  },
};
