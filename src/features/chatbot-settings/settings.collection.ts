import type { Kysely, SelectQueryBuilder, Transaction } from 'kysely';
import type { Tables } from '../../database/index.js';
import { type Collection, MalformedDocumentError } from '../../replication/index.js';
import { entriesOf, isArray, type PhpMap, type PhpNode, readPhpJson, writePhpJson } from '../php-twin/index.js';
import { mergeSettings } from './default-settings.js';

/** json_decode's depth in legacy-php's JsonStore. */
const DEPTH = 64;
/** How PHP writes that nothing is set. */
const NOTHING = '[]';

/** What an owner does to his settings. `at`: ISO 8601, UTC, milliseconds. */
export type SettingsChange =
  | {
      readonly kind: 'merge';
      /** The settings that were sent, as JSON text. */
      readonly changes: string;
      readonly at: string;
    }
  | { readonly kind: 'reset'; readonly at: string };

type Settings = readonly PhpNode[] | PhpMap;

/** Settings of chatbots, as rows and as legacy-php's documents. What became of a change: the owner's settings now. */
export const SETTINGS: Collection<SettingsChange, Settings> = {
  name: 'settings',
  writers: ['settings.set', 'settings.reset'],

  async replace(trx, owner, document) {
    await save(trx, owner, readDocument(document));
  },

  async document(trx, owner) {
    return (await settingsView(trx, owner).executeTakeFirst())?.settings;
  },

  async apply(trx, owner, change) {
    const own = settingsOf(await settingsView(trx, owner).executeTakeFirst());
    if (change.kind === 'reset') {
      const hasChanged = entriesOf(own).size > 0;
      if (hasChanged) await save(trx, owner, []);
      return { outcome: [], hasChanged };
    }
    const merged = mergeSettings(own, readDocument(change.changes));
    await save(trx, owner, merged);
    return { outcome: merged, hasChanged: true };
  },

  canonical(document) {
    const settings = readDocument(document ?? NOTHING);
    return { text: writePhpJson(settings), items: entriesOf(settings).size };
  },
};

interface SettingsRow {
  readonly settings: string;
}

/** Where an owner's settings stand. */
export function settingsView(
  db: Kysely<Tables>,
  owner: string,
): SelectQueryBuilder<Tables, 'chatbot_setting', SettingsRow> {
  return db.selectFrom('chatbot_setting').select('settings').where('owner', '=', owner);
}

/** Only what the owner has set. */
export function settingsOf(row: SettingsRow | undefined): Settings {
  return row === undefined ? [] : readDocument(row.settings);
}

async function save(trx: Transaction<Tables>, owner: string, settings: Settings): Promise<void> {
  const text = writePhpJson(settings);
  await trx
    .insertInto('chatbot_setting')
    .values({ owner, settings: text })
    .onConflict((conflict) => conflict.column('owner').doUpdateSet({ settings: text }))
    .execute();
}

/** @throws MalformedDocumentError */
function readDocument(document: string): Settings {
  const settings = readPhpJson(document, { depth: DEPTH, objectsAs: 'arrays' });
  if (!isArray(settings)) throw new MalformedDocumentError('the document is no JSON object');
  return settings;
}
