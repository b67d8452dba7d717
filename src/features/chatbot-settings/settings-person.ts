import type { PersonPart } from '../../persons/index.js';
import { settingsView } from './settings.collection.js';

/** What a person has set, as a row. */
export const SETTINGS_OF_PERSON: PersonPart = {
  name: 'settings',

  async read(trx, { owner }) {
    const row = await settingsView(trx, owner).executeTakeFirst();
    const settings: unknown = row === undefined ? [] : JSON.parse(row.settings);
    // How PHP spells that nothing is set.
    return { items: Array.isArray(settings) && settings.length === 0 ? [] : [settings] };
  },

  async erase(trx, { owner }) {
    await trx.deleteFrom('chatbot_setting').where('owner', '=', owner).execute();
  },
};
