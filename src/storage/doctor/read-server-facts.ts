import { Client } from 'pg';
import type { ServerFacts } from '#core/doctor/judge-database.ts';
import { must } from '#lib/assert.ts';

/** Of other users' sessions a login without pg_read_all_stats sees whose they are, and not what they are. */
const NUMBERS = `select
  current_setting('server_version_num')::int as "versionNumber",
  current_setting('server_version') as version,
  current_setting('fsync')::boolean as fsync,
  current_setting('full_page_writes')::boolean as "fullPageWrites",
  current_setting('synchronous_commit') as "synchronousCommit",
  current_setting('autovacuum')::boolean as autovacuum,
  pg_size_bytes(current_setting('shared_buffers'))::float8 as "sharedBuffersBytes",
  pg_size_bytes(current_setting('work_mem'))::float8 as "workMemBytes",
  pg_size_bytes(current_setting('max_wal_size'))::float8 as "maxWalBytes",
  current_setting('max_connections')::int as "maxConnections",
  current_setting('superuser_reserved_connections')::int
    + coalesce(current_setting('reserved_connections', true), '0')::int as "reservedConnections",
  (select count(*)::int from pg_stat_activity
    where usesysid is not null and coalesce(backend_type, 'client backend') = 'client backend') as "usedConnections",
  (select setting::float8 from pg_settings where name = 'statement_timeout') as "statementTimeoutMs",
  pg_is_in_recovery() as "isStandby",
  current_setting('default_transaction_read_only')::boolean as "isReadOnly",
  current_setting('data_checksums')::boolean as checksums,
  pg_encoding_to_char(d.encoding) as encoding,
  coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', d.datcollate) as collation,
  d.datcollversion is distinct from pg_database_collation_actual_version(d.oid) as "collationChanged"
  from pg_database d where d.datname = current_database()`;

/** A connection that doctor looks through: never kept waiting for long. */
export async function openLook(url: string): Promise<Client> {
  const client = new Client({
    connectionString: url,
    application_name: 'rollbook doctor',
    connectionTimeoutMillis: 5_000,
    query_timeout: 10_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

export async function readServerFacts(client: Client): Promise<ServerFacts> {
  // Before 15 some of these functions are not there.
  const { rows: versions } = await client.query<{ number: number; version: string }>(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as version`,
  );
  const { number, version } = must(versions[0]);
  if (number < 150_000) throw new ServerTooOldError(version);
  const { rows } = await client.query<ServerFacts>(NUMBERS);
  return must(rows[0]);
}

export class ServerTooOldError extends Error {
  override readonly name = 'ServerTooOldError';
  readonly version: string;
  constructor(version: string) {
    super(`PostgreSQL ${version}`);
    this.version = version;
  }
}

/** Seconds by which this machine is ahead of the database; `now` is asked before and after. */
export async function readClockDifference(client: Client, now: () => Date): Promise<number> {
  const before = now().getTime();
  const { rows } = await client.query<{ ms: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
  );
  const middle = (before + now().getTime()) / 2;
  return (middle - must(rows[0]).ms) / 1_000;
}
