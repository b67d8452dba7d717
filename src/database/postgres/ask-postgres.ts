import type { MigrationState } from '../migrate.js';
import type { Tables } from '../tables/tables.js';
import { connectionSettings } from './connection-settings.js';
import { SocketSet } from './socket-set.js';

const WITHIN_MS = 4000;

/** What a Postgres says of itself to the gateway's user. */
export interface PostgresFacts extends MigrationState {
  /** As in `15.14`. */
  readonly version: string;
  readonly isEncrypted: boolean;
  /** A standby, or a server or user that is set to write nothing. */
  readonly isReadOnly: boolean;
  /** Whether the user may make tables, as migrations do. */
  readonly canMigrate: boolean;
}

/**
 * Logs in as the gateway would, looks, changes nothing, and leaves.
 * @throws what the server or the network says; DatabaseUnavailableError
 */
export async function askPostgres(url: string, signal: AbortSignal): Promise<PostgresFacts> {
  // Loaded when they are needed: this file stands behind the room's door, through which every start passes.
  const [{ Kysely, PostgresDialect, sql }, { Pool }, { findMigrations }] = await Promise.all([
    import('kysely'),
    import('pg'),
    import('../migrate.js'),
  ]);
  const sockets = new SocketSet();
  const settings = { ...connectionSettings(url), connectionTimeoutMillis: WITHIN_MS, statement_timeout: WITHIN_MS };
  const pool = new Pool({ ...settings, stream: sockets.make, max: 1 });
  // Who asked hears it; unheard here, it would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const leave = (): void => sockets.cut();
  signal.addEventListener('abort', leave, { once: true });
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    const { rows } = await sql<Omit<PostgresFacts, keyof MigrationState>>`
      select current_setting('server_version') as version,
        coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as "isEncrypted",
        current_setting('transaction_read_only') = 'on' as "isReadOnly",
        coalesce(has_schema_privilege(current_schema(), 'create'), false) as "canMigrate"`.execute(db);
    const [facts] = rows;
    if (facts === undefined) throw new Error('no answer');
    return { ...facts, ...(await findMigrations(db)) };
  } finally {
    signal.removeEventListener('abort', leave);
    await db.destroy().catch(() => undefined);
    sockets.cut();
  }
}
