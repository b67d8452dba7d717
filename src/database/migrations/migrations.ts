import type { Migration } from 'kysely/migration';
import { stages } from './0001-stages.js';
import { conversations } from './0002-conversations.js';
import { chatbotSettings } from './0003-chatbot-settings.js';
import { replication } from './0004-replication.js';
import { experiments } from './0005-experiments.js';
import { migrationRuns } from './0006-migration-runs.js';
import { replicationFunctions } from './0007-replication-functions.js';
import { voiceEvents } from './0008-voice-events.js';
import { mail } from './0009-mail.js';
import { retention } from './0010-retention.js';
import { experimentViews } from './0011-experiment-views.js';

/**
 * Every migration, in the order of its name. Imported, not read from a folder: the same in sources, build and bundle.
 * One that has been released is never changed. The release before must still run on its tables (see ADR 0014).
 */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-stages': stages,
  '0002-conversations': conversations,
  '0003-chatbot-settings': chatbotSettings,
  '0004-replication': replication,
  '0005-experiments': experiments,
  '0006-migration-runs': migrationRuns,
  '0007-replication-functions': replicationFunctions,
  '0008-voice-events': voiceEvents,
  '0009-mail': mail,
  '0010-retention': retention,
  '0011-experiment-views': experimentViews,
};
