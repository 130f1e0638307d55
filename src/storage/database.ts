import type { Duplex } from 'node:stream';
import { Pool, type PoolClient, TypeOverrides, types } from 'pg';
import { assert } from '#lib/assert.ts';
import { type SlowStatementOptions, watchSlowStatements } from './monitor/slow-statements.ts';

/** Where the database is, for each of the two roles. Both name role, password and search path; keep them out of logs. */
export interface DatabaseAddress {
  /** Logs in as rollbook_app. */
  readonly appConnectionString: string;
  /** Logs in as the role of DATABASE_URL and acts as rollbook_owner. */
  readonly ownerConnectionString: string;
}

export interface Database extends DatabaseAddress {
  /** Sessions of rollbook_app: they see no row until a transaction names its tenant. Use `inTenant`. */
  readonly app: Pool;
  /**
   * Sessions of rollbook_app for transactions that only read. Statements are sent without waiting for the answer to the one before, so
   * BEGIN costs no round trip of its own; COPY and cursors do not work on them.
   */
  readonly reader: Pool;
  /** Sessions of rollbook_owner: they see every tenant. Use `asOwner`. */
  readonly owner: Pool;
  /** What every transaction that writes is fenced with, once the database was migrated by this process (openStorage). */
  readonly schemaFence?: SchemaFence;
  close(): Promise<void>;
}

/** Processes of an older version go on beside a newer schema: serving, while it needs nothing that they do not know, and never executing. */
export interface SchemaFence {
  /** Number of the newest migration that this process knows. */
  readonly known: number;
  /** served: refused when a migration needs newer processes. executed: refused when there is any newer one. */
  readonly work: 'served' | 'executed';
}

/** The same database for what executes runs and keeps house: it writes nothing once a newer Rollbook has migrated. */
export function forExecuting(db: Database): Database {
  return db.schemaFence === undefined ? db : { ...db, schemaFence: { ...db.schemaFence, work: 'executed' } };
}

/** The same database for what only gives back: a lease, a lock. */
export function forServing(db: Database): Database {
  return db.schemaFence === undefined ? db : { ...db, schemaFence: { ...db.schemaFence, work: 'served' } };
}

/** The first statement of a transaction that writes; '' without a fence. */
export function fenceOf({ schemaFence }: Pick<Database, 'schemaFence'>): string {
  return schemaFence === undefined
    ? ''
    : `; select rollbook.require_schema(${schemaFence.known}, ${schemaFence.work === 'executed'})`;
}

export interface Tx {
  /**
   * Runs one statement and returns its rows. int8 comes back as a string and date as 'YYYY-MM-DD'; cast in SQL for others. `keep`: it is asked over and
   * over with other values, so the connection keeps it, parsed and planned.
   */
  query<Row = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
    options?: { readonly keep?: boolean },
  ): Promise<Row[]>;
  /** The connection itself, for COPY and cursors. */
  readonly client: PoolClient;
}

export interface TenantTransactionOptions {
  readonly readOnly?: boolean;
  readonly isolation?: 'repeatable read';
  /** A statement that takes longer is ended by PostgreSQL (57014); without it statements take as long as they need. */
  readonly statementMs?: number | undefined;
}

export interface DatabaseOptions {
  /** Most connections of rollbook_app, for reading and for writing each; 10 by default. */
  readonly appConnections?: number;
  /**
   * Runs that this process executes at a time: so many more to write. The transaction of a plan takes minutes; leases are renewed and requests answered
   * beside it, however many plans are made at once.
   */
  readonly runs?: number;
  /** Most connections of rollbook_owner; 4 by default. */
  readonly ownerConnections?: number;
  readonly applicationName?: string;
  /**
   * A transaction that does nothing for that long is ended by PostgreSQL, and its locks with it: else a process that is frozen, or behind a
   * cable that was pulled, would keep all others waiting. 60 by default.
   */
  readonly idleTransactionSeconds?: number;
  /** Told when a connection breaks while nobody uses it. The pool replaces it. */
  readonly onConnectionLost?: (error: Error) => void;
  /** Number of the newest migration that this process knows; without it nothing is fenced. */
  readonly knownSchema?: number;
  /** Told of statements that take long; without it nobody looks. */
  readonly slowStatements?: SlowStatementOptions | undefined;
}

const APP_CONNECTIONS = 10;
const OWNER_CONNECTIONS = 4;

/** Connections of one process at most: both pools of rollbook_app, that of rollbook_owner, and two per run, one that stages and one that plans. */
export function mostConnections(runConcurrency: number): number {
  return 2 * APP_CONNECTIONS + OWNER_CONNECTIONS + 2 * runConcurrency;
}

/**
 * A connection on which nothing comes is probed after so long, and broken when nobody answers for some seconds more: of a server that vanished without a word (a
 * failover, a cable) the system itself would hear after two hours, and a run would wait for it with a lease that other connections keep alive.
 */
export const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 } as const;

/** Dates stay text: a calendar day has no time zone, a JavaScript Date has one. */
const TYPES = new TypeOverrides();
TYPES.setTypeParser(types.builtins.DATE, (text: string) => text);

/** Opens the pools; connections are made on demand. The schema must be migrated (see migrate.ts). */
export function openDatabase(address: DatabaseAddress, options: DatabaseOptions = {}): Database {
  const readers = options.appConnections ?? APP_CONNECTIONS;
  const app = openPool(address.appConnectionString, readers + (options.runs ?? 0), options);
  const reader = openPool(address.appConnectionString, readers, options, { pipeline: true });
  const owner = openPool(
    address.ownerConnectionString,
    options.ownerConnections ?? OWNER_CONNECTIONS,
    options,
  );
  let closing: Promise<void> | undefined;
  return {
    ...address,
    app,
    reader,
    owner,
    ...(options.knownSchema === undefined
      ? {}
      : { schemaFence: { known: options.knownSchema, work: 'served' } }),
    close() {
      closing ??= Promise.all([app.end(), reader.end(), owner.end()]).then(() => undefined);
      return closing;
    },
  };
}

function openPool(
  connectionString: string,
  max: number,
  options: DatabaseOptions,
  more: { readonly pipeline?: boolean } = {},
): Pool {
  const pool = new Pool({
    ...more,
    connectionString,
    max,
    types: TYPES,
    application_name: options.applicationName ?? 'rollbook',
    connectionTimeoutMillis: 30_000,
    idleTimeoutMillis: 60_000,
    idle_in_transaction_session_timeout: (options.idleTransactionSeconds ?? 60) * 1_000,
    ...KEEP_ALIVE,
  });
  pool.on('error', (error) => options.onConnectionLost?.(error));
  if (options.slowStatements !== undefined) watchSlowStatements(pool, options.slowStatements);
  // A connection that breaks while it is checked out fails its query; without a listener it would also end the process.
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
  });
  return pool;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * One transaction as rollbook_app for one tenant; row-level security shows its rows alone. BEGIN and the tenant go in
 * one round trip. Rolls back when `work` throws.
 */
export async function inTenant<T>(
  db: Database,
  tenantId: string,
  work: (tx: Tx) => Promise<T>,
  options: TenantTransactionOptions = {},
): Promise<T> {
  assert(UUID.test(tenantId), 'a tenant id that is not a UUID reached the database');
  const modes = `${options.isolation === undefined ? '' : ` isolation level ${options.isolation}`}${options.readOnly ? ' read only' : ''}`;
  const { statementMs } = options;
  const limit = statementMs === undefined ? '' : `; set local statement_timeout = ${statementMs}`;
  const begin = `begin${modes}; set local rollbook.tenant_id = '${tenantId}'${limit}`;
  return options.readOnly
    ? inReading(db.reader, begin, work)
    : inTransaction(db.app, `${begin}${fenceOf(db)}`, work);
}

/**
 * A transaction that only reads: BEGIN travels with the first statement, and nobody waits for COMMIT, which has nothing to say. Should BEGIN
 * fail, the statements behind it fail too, since no tenant is named then.
 */
async function inReading<T>(pool: Pool, begin: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection;
  try {
    stream.cork();
    process.nextTick(() => stream.uncork());
    const begun = client.query(begin);
    // Who waits for it is the statement behind it, or the line below; until then nobody else is to be told.
    begun.catch(() => undefined);
    const result = await work(transactionOn(client));
    await begun;
    client.query('commit').then(
      ({ command }) =>
        client.release(command === 'COMMIT' ? undefined : new Error('a failed statement was passed over')),
      (error: Error) => client.release(error),
    );
    return result;
  } catch (error) {
    await client.query('rollback').then(
      () => client.release(),
      (rollbackError: Error) => client.release(rollbackError),
    );
    throw error;
  }
}

/** A statement that is asked over and over: under its name the connection keeps it, parsed and planned. One name, one text. */
export interface KeptStatement {
  readonly name: string;
  readonly text: string;
}

/** One statement that reads, for one tenant, in one round trip: BEGIN, statement and COMMIT travel together. */
export async function readOnce<Row>(
  db: Database,
  tenantId: string,
  { name, text }: KeptStatement,
  values: readonly unknown[],
): Promise<Row[]> {
  assert(UUID.test(tenantId), 'a tenant id that is not a UUID reached the database');
  const client = await db.reader.connect();
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection;
  stream.cork();
  const answers = Promise.all([
    client.query(`begin read only; set local rollbook.tenant_id = '${tenantId}'`),
    client.query({ name, text, values: [...values] }),
    client.query('commit'),
  ]);
  stream.uncork();
  try {
    const [, { rows }] = await answers;
    client.release();
    return rows as Row[];
  } catch (error) {
    // Whether COMMIT came through is not known here: the connection is not used again.
    client.release(error instanceof Error ? error : true);
    throw error;
  }
}

/** One transaction as rollbook_owner, who sees all tenants: for housekeeping, tenants, backup. Never for a request's data. */
export async function asOwner<T>(db: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  return inTransaction(db.owner, `begin${fenceOf(db)}`, work);
}

/** Runs `work` between `begin` and commit on a connection of the pool. */
export async function inTransaction<T>(pool: Pool, begin: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(begin);
    const result = await work(transactionOn(client));
    const { command } = await client.query('commit');
    // PostgreSQL answers ROLLBACK to the commit of a transaction that failed before: somebody swallowed the error.
    assert(command === 'COMMIT', 'a transaction was to be committed after one of its statements had failed');
    return result;
  } catch (error) {
    await client.query('rollback').catch((rollbackError: unknown) => {
      broken = rollbackError instanceof Error ? rollbackError : new Error(String(rollbackError));
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** A Tx over a connection whose transaction somebody else begins and ends. */
export function transactionOn(client: PoolClient): Tx {
  return {
    client,
    async query<Row>(
      text: string,
      values?: readonly unknown[],
      options?: { readonly keep?: boolean },
    ): Promise<Row[]> {
      const name = options?.keep === true ? nameToKeep(text) : undefined;
      const plain = values === undefined ? undefined : [...values];
      const result = await (name === undefined
        ? client.query(text, plain)
        : client.query({ name, text, ...(plain === undefined ? {} : { values: plain }) }));
      return result.rows as Row[];
    },
  };
}

/** Each connection has a plan of some 200 KB of each: so they may not become many, whatever callers ask for. */
const MOST_KEPT = 50;
const keptNames = new Map<string, string>();

/** The same for the same text in the whole process; undefined: there are enough of them. */
function nameToKeep(text: string): string | undefined {
  const known = keptNames.get(text);
  if (known !== undefined || keptNames.size >= MOST_KEPT) return known;
  const name = `kept ${keptNames.size + 1}`;
  keptNames.set(text, name);
  return name;
}

/**
 * A part of a transaction that reads the directory and cannot write it: row-level security refuses every row (db/migrations/0002).
 * Plan, items and run can be written.
 */
export async function planning<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
  await tx.query(`set local rollbook.planning = 'on'`);
  const result = await work();
  // After an error the whole transaction is over anyway.
  await tx.query(`set local rollbook.planning = 'off'`);
  return result;
}
