import type { StageTables } from './stage.tables.js';

/** Every table, for Kysely; each owner's tables stand in a file of its own. */
export type Tables = StageTables;
