import { randomBytes } from 'node:crypto';
import { Client, DatabaseError, escapeIdentifier } from 'pg';
import { must } from '#lib/assert.ts';
import { messageOf, OperationalError } from '#lib/errors.ts';
import { tlsRemedyOf } from './connection-remedy.ts';
import { connectionStringFor } from './connection-string.ts';
import type { DatabaseAddress } from './database.ts';
import { scramVerifier } from './scram-verifier.ts';

/** The purpose under which the password of rollbook_app is derived from SECRET_KEY. */
export const APP_PASSWORD_PURPOSE = 'database role rollbook_app';

const OLDEST_SERVER = 150_000;

export interface PrepareRolesInput {
  /** DATABASE_URL, or the superuser of the embedded server. */
  readonly url: string;
  /** Derived from SECRET_KEY, so that every process of one Rollbook agrees on it; ASCII. */
  readonly appPassword: string;
  /**
   * The server is our own: nobody else's rollbook_app can be meant, so its password may be set anew when it differs
   * (SECRET_KEY was replaced).
   */
  readonly serverIsOurs: boolean;
}

/**
 * Makes the roles rollbook_owner and rollbook_app where they are missing, and answers how to connect as each.
 * Throws OperationalError: `DatabaseTooOld`, `DatabaseRolesMissing` (with the SQL to run), `DatabaseRolePassword`,
 * `DatabaseRoleTooPowerful`, `DatabaseUnreachable`.
 */
export async function prepareRoles(input: PrepareRolesInput): Promise<DatabaseAddress> {
  const address: DatabaseAddress = {
    appConnectionString: connectionStringFor(input.url, {
      user: 'rollbook_app',
      password: input.appPassword,
      settings: {},
    }),
    ownerConnectionString: connectionStringFor(input.url, { settings: { role: 'rollbook_owner' } }),
  };
  const client = new Client({ connectionString: input.url, connectionTimeoutMillis: 30_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    if (error instanceof DatabaseError && error.code === TOO_MANY_CONNECTIONS)
      throw new OperationalError(
        'DatabaseFull',
        'The database takes no more connections: all of its max_connections are in use. Raise it, or run fewer processes; docs/guide/many-workers.md says how many connections each opens.',
        { retry: 'retry', cause: error },
      );
    throw new OperationalError(
      'DatabaseUnreachable',
      `The database cannot be reached: ${messageOf(error)}. ${tlsRemedyOf(error) ?? 'Check DATABASE_URL.'}`,
      { retry: 'retry', cause: error },
    );
  }
  try {
    await refuseOldServer(client);
    await createMissingRoles(client, input.appPassword);
    await refusePowerfulApp(client);
    await checkAppLogin(client, address.appConnectionString, input);
  } finally {
    await client.end();
  }
  return address;
}

async function refuseOldServer(client: Client): Promise<void> {
  const { rows } = await client.query<{ number: number; version: string }>(
    "select current_setting('server_version_num')::int as number, current_setting('server_version') as version",
  );
  const { number, version } = must(rows[0]);
  if (number < OLDEST_SERVER) {
    throw new OperationalError(
      'DatabaseTooOld',
      `DATABASE_URL leads to PostgreSQL ${version}; Rollbook needs PostgreSQL 15 or newer.`,
    );
  }
}

export interface RoleFacts {
  login: string;
  database: string;
  has_owner: boolean;
  has_app: boolean;
  is_owner: boolean;
  may_create_schemas: boolean;
}

async function readRoleFacts(client: Client): Promise<RoleFacts> {
  const { rows } = await client.query<RoleFacts>(`
    with named as (
      select (select oid from pg_roles where rolname = 'rollbook_owner') as owner,
             (select oid from pg_roles where rolname = 'rollbook_app') as app
    )
    select current_user as login, current_database() as database,
           owner is not null as has_owner, app is not null as has_app,
           owner is not null and pg_has_role(current_user, owner, 'member') as is_owner,
           owner is not null and has_database_privilege(owner, current_database(), 'create') as may_create_schemas
    from named`);
  return must(rows[0]);
}

/** Several Rollbooks may start at once on one server: what another one made meanwhile is not an error. */
async function createMissingRoles(client: Client, appPassword: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const facts = await readRoleFacts(client);
    const statements = missingStatements(facts, appPassword);
    if (statements.length === 0) return;
    try {
      for (const statement of statements) await client.query(statement);
    } catch (error) {
      if (attempt < 5 && isLostRace(error)) continue;
      throw new OperationalError(
        'DatabaseRolesMissing',
        `The login of DATABASE_URL (${facts.login}) cannot set up the two roles that Rollbook works with: ${messageOf(error)}. ` +
          `Let an administrator of the database run:\n${statements.map((statement) => `  ${statement};`).join('\n')}`,
        { cause: error },
      );
    }
  }
}

/** What is left to do for the roles; the same statements go to an administrator when the login may not. */
export function missingStatements(facts: RoleFacts, appPassword: string): string[] {
  const login = escapeIdentifier(facts.login);
  const database = escapeIdentifier(facts.database);
  const statements: string[] = [];
  if (!facts.has_owner) statements.push('create role rollbook_owner nologin');
  if (!facts.has_app) {
    const verifier = scramVerifier(appPassword, randomBytes(16));
    statements.push(`create role rollbook_app login password '${verifier}'`);
  }
  if (!facts.is_owner) statements.push(`grant rollbook_owner to ${login}`);
  if (!facts.may_create_schemas) statements.push(`grant create on database ${database} to rollbook_owner`);
  return statements;
}

const TOO_MANY_CONNECTIONS = '53300';
const DUPLICATE_OBJECT = '42710';
const UNIQUE_VIOLATION = '23505';
const INTERNAL_ERROR = 'XX000'; // "tuple concurrently updated": two GRANTs at once

function isLostRace(error: unknown): boolean {
  const code = error instanceof DatabaseError ? error.code : undefined;
  return code === DUPLICATE_OBJECT || code === UNIQUE_VIOLATION || code === INTERNAL_ERROR;
}

/** Row-level security is what keeps tenants apart; a role that it does not bind must not serve requests. */
async function refusePowerfulApp(client: Client): Promise<void> {
  const { rows } = await client.query<{ powerful: boolean }>(`
    select rolsuper or rolbypassrls or pg_has_role(oid, 'rollbook_owner', 'member') as powerful
    from pg_roles where rolname = 'rollbook_app'`);
  if (rows[0]?.powerful !== false) {
    throw new OperationalError(
      'DatabaseRoleTooPowerful',
      'The database role rollbook_app is a superuser, may bypass row-level security or is a member of rollbook_owner: ' +
        'tenants would see each other. Run: alter role rollbook_app nosuperuser nobypassrls; revoke rollbook_owner from rollbook_app;',
    );
  }
}

const WRONG_PASSWORD = '28P01';

async function checkAppLogin(
  client: Client,
  appConnectionString: string,
  input: PrepareRolesInput,
): Promise<void> {
  const failure = await tryLogin(appConnectionString);
  if (failure === undefined) return;
  const setPassword = `alter role rollbook_app login password '${scramVerifier(input.appPassword, randomBytes(16))}'`;
  if (failure instanceof DatabaseError && failure.code === WRONG_PASSWORD) {
    if (input.serverIsOurs) {
      await client.query(setPassword);
      return;
    }
    throw new OperationalError(
      'DatabaseRolePassword',
      'The database role rollbook_app has another password than the one derived from SECRET_KEY. Either SECRET_KEY is not the one ' +
        'this server was set up with (then give the right one; another Rollbook on the same server must have the same), or the key ' +
        `was replaced on purpose or the role was made by hand: then let an administrator run:\n  ${setPassword};`,
    );
  }
  throw new OperationalError(
    'DatabaseUnreachable',
    `The role rollbook_app cannot log in to the database: ${messageOf(failure)}`,
    {
      retry: 'retry',
      cause: failure,
    },
  );
}

async function tryLogin(connectionString: string): Promise<unknown> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 30_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await client.end().catch(() => undefined);
  }
}
