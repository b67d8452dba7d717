import type { Migration } from 'kysely/migration';
import { stages } from './0001-stages.js';

/**
 * Every migration, in the order of its name. Imported, not read from a folder: the same in sources, build and bundle.
 * One that has been released is never changed. The release before must still run on its tables (see ADR 0014).
 */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-stages': stages,
};
