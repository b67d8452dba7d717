import type { OwnerAccess, Replication } from '../../replication/index.js';
import { type PhpMap, type PhpNode, writePhpJson } from '../php-twin/index.js';
import { SETTINGS, settingsOf, settingsView } from './settings.collection.js';

/** What owners have set of their chatbots. All throw ReplicationUnavailableError. */
export abstract class SettingsStore {
  /** Only what the owner has set. */
  abstract of(access: OwnerAccess): Promise<PhpNode>;
  /** Merges changes over what is there, and answers the whole. */
  abstract merge(access: OwnerAccess, changes: PhpMap): Promise<PhpNode>;
  abstract reset(access: OwnerAccess): Promise<void>;
}

/** Settings in Postgres, kept alike with PHP's documents. */
export class ReplicatedSettings extends SettingsStore {
  constructor(private readonly replication: Replication) {
    super();
  }

  async of(access: OwnerAccess): Promise<PhpNode> {
    const [row] = await this.replication.read(SETTINGS, access, settingsView);
    return settingsOf(row);
  }

  merge(access: OwnerAccess, changes: PhpMap): Promise<PhpNode> {
    return this.replication.write(SETTINGS, access, { kind: 'merge', changes: writePhpJson(changes), at: now() });
  }

  async reset(access: OwnerAccess): Promise<void> {
    await this.replication.write(SETTINGS, access, { kind: 'reset', at: now() });
  }
}

function now(): string {
  return new Date().toISOString();
}
