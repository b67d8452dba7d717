export { type ChannelListener, Database, type DatabaseState } from './database.js';
export type { EndedQuery, QueryObserver } from './query-watch.js';
export { DatabaseModule } from './database.module.js';
export { DryRunError } from './dry-run/dry-run.error.js';
export { DatabaseUnavailableError } from './database-unavailable.error.js';
export type { StoredStage } from './tables/stage.tables.js';
export type { Tables } from './tables/tables.js';
export { faultOf as databaseFaultOf } from './fault-of.js';
export { askPostgres, type PostgresFacts } from './postgres/ask-postgres.js';
