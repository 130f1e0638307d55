import { createHash, randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { realSystem } from '#lib/system.ts';
import { connectionStringFor } from '#storage/connection-string.ts';
import { type Database, openDatabase } from '#storage/database.ts';
import { migrate, readMigrations } from '#storage/migrate.ts';
import { APP_PASSWORD_PURPOSE, prepareRoles } from '#storage/roles.ts';
import { createTenant } from '#storage/tenants/create-tenant.ts';
import { testSecretBox } from './secret-box.ts';
import { sharedServerUrl } from './shared-server.ts';

export interface TestDatabase {
  readonly db: Database;
  /** A fresh tenant. Its hash key is sealed by testSecretBox. */
  readonly tenantId: string;
  /** Superuser's address of this database. */
  readonly url: string;
  /** Closes the pools and drops the database. */
  readonly close: () => Promise<void>;
}

export const TEST_APP_PASSWORD = testSecretBox.deriveKey(APP_PASSWORD_PURPOSE, 32).toString('base64url');

/** An empty, migrated database of its own with one tenant, on the PostgreSQL that all tests share. Takes a tenth of a second. */
export async function testDatabase(): Promise<TestDatabase> {
  const { url, close: drop } = await emptyTestDatabase({ template: await migratedTemplate() });
  const db = openDatabase(await prepareRoles({ url, appPassword: TEST_APP_PASSWORD, serverIsOurs: true }));
  const tenantId = realSystem.newId();
  await createTenant(db, { id: tenantId, name: 'Test', timeZone: 'Europe/Berlin' }, testSecretBox);
  return {
    db,
    tenantId,
    url,
    async close() {
      await db.close();
      await drop();
    },
  };
}

/** A database without a schema, or a copy of `template`. `url` is a superuser's. */
export async function emptyTestDatabase(
  options: { template?: string } = {},
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = await sharedServerUrl();
  const name = `rollbook_test_${randomBytes(8).toString('hex')}`;
  await onServer(server, (client) => createFrom(client, name, options.template ?? 'template0'));
  return {
    url: connectionStringFor(server, { database: name }),
    close: () =>
      onServer(server, async (client) => {
        await client.query(`drop database if exists ${name} with (force)`);
      }),
  };
}

async function createFrom(client: Client, name: string, template: string): Promise<void> {
  await client.query(`create database ${name} template ${template} strategy file_copy`);
}

/** A database with the schema of db/migrations as it is now; made once per server and state of the files. */
async function migratedTemplate(): Promise<string> {
  const server = await sharedServerUrl();
  const hash = createHash('sha256');
  for (const migration of await readMigrations()) hash.update(`${migration.number} ${migration.hash}\n`);
  const name = `rollbook_template_${hash.digest('hex').slice(0, 16)}`;
  await onServer(server, async (client) => {
    if (await databaseExists(client, name)) return;
    await client.query("select pg_advisory_lock(hashtext('rollbook test template'))");
    if (await databaseExists(client, name)) return;
    const unfinished = `${name}_new`;
    await client.query(`drop database if exists ${unfinished} with (force)`);
    await createFrom(client, unfinished, 'template0');
    const url = connectionStringFor(server, { database: unfinished });
    const address = await prepareRoles({ url, appPassword: TEST_APP_PASSWORD, serverIsOurs: true });
    await migrate(address.ownerConnectionString);
    await client.query(`alter database ${unfinished} rename to ${name}`);
  });
  return name;
}

async function databaseExists(client: Client, name: string): Promise<boolean> {
  const { rows } = await client.query('select 1 from pg_database where datname = $1', [name]);
  return rows.length > 0;
}

async function onServer(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: connectionStringFor(url, { database: 'postgres' }) });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
