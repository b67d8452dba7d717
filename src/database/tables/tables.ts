import type { ChatbotSettingTables } from './chatbot-setting.tables.js';
import type { ConversationTables } from './conversation.tables.js';
import type { ExperimentTables } from './experiment.tables.js';
import type { MailTables } from './mail.tables.js';
import type { MigrationRunTables } from './migration-run.tables.js';
import type { ReplicationTables } from './replication.tables.js';
import type { RetentionTables } from './retention.tables.js';
import type { StageTables } from './stage.tables.js';
import type { VoiceEventTables } from './voice-event.tables.js';

/** Every table, for Kysely; each owner's tables stand in a file of its own. */
export type Tables = StageTables &
  ConversationTables &
  ChatbotSettingTables &
  ExperimentTables &
  ReplicationTables &
  MigrationRunTables &
  VoiceEventTables &
  MailTables &
  RetentionTables;
