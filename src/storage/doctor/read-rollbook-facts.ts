import type { Client } from 'pg';
import { must } from '#lib/assert.ts';
import { readMigrations, readSchemaVersion } from '../migrate.ts';

/** What a database has of Rollbook. */
export interface RollbookFacts {
  /** Null: there is no schema of Rollbook yet. */
  readonly schemaVersion: number | null;
  /** Of db/migrations. */
  readonly newestMigration: number;
  /** A secret as it is stored, to be opened; null: there is none yet. */
  readonly sealed: Buffer | null;
  readonly timeZones: readonly string[];
  /** rollbook_app is bound by row-level security; null: there is no such role yet. */
  readonly appIsBound: boolean | null;
  /** The login of DATABASE_URL, when a start would have to make roles or rights and it may not; null: it may, or all is there. */
  readonly powerlessLogin: string | null;
  /** Null: no process has made it yet. */
  readonly installationId: string | null;
}

/**
 * What prepareRoles looks at: both roles, the login a member of rollbook_owner, and rollbook_owner with the right to make schemas. Roles are made by who may
 * make roles (since 16 a role belongs to its maker, who makes himself a member), the right is given by the owner of the database.
 */
const POWERLESS = `(
  select login.rolname from pg_roles login, pg_database d
   where login.rolname = current_user and d.datname = current_database() and not login.rolsuper
     and (not login.rolcreaterole and (
            to_regrole('rollbook_app') is null or to_regrole('rollbook_owner') is null
            or not pg_has_role(login.oid, to_regrole('rollbook_owner')::oid, 'member'))
       or not pg_has_role(login.oid, d.datdba, 'usage')
          and not coalesce(has_database_privilege(to_regrole('rollbook_owner')::oid, d.oid, 'create'), false)
          and not has_database_privilege(login.oid, d.oid, 'create with grant option')))`;

/** `client`: as the login of DATABASE_URL, which is a member of rollbook_owner once Rollbook was started. */
export async function readRollbookFacts(client: Client): Promise<RollbookFacts> {
  const newestMigration = Math.max(0, ...(await readMigrations()).map(({ number }) => number));
  const { rows } = await client.query<{
    table: string | null;
    secrets: string | null;
    installation: string | null;
    bound: boolean | null;
    powerless: string | null;
  }>(
    `select to_regclass('rollbook.schema_migration')::text as table, to_regclass('rollbook.tenant_secret')::text as secrets, to_regclass('rollbook.installation')::text as installation,
            (select not (rolsuper or rolbypassrls) from pg_roles where rolname = 'rollbook_app') as bound,
            ${POWERLESS} as powerless`,
  );
  const { table, secrets, installation, bound, powerless } = must(rows[0]);
  const nothing = {
    newestMigration,
    appIsBound: bound,
    powerlessLogin: powerless,
    sealed: null,
    timeZones: [],
    installationId: null,
  };
  if (powerless !== null) return { ...nothing, schemaVersion: null };
  if (table === null) return { ...nothing, schemaVersion: null };
  await client.query('set role rollbook_owner');
  await client.query('set search_path = rollbook');
  const schemaVersion = await readSchemaVersion(client);
  if (secrets === null) return { ...nothing, schemaVersion };
  const { rows: keys } = await client.query<{ hash_key: Buffer }>(
    'select hash_key from tenant_secret limit 1',
  );
  const { rows: zones } = await client.query<{ time_zone: string }>('select distinct time_zone from tenant');
  const ids =
    installation === null ? [] : (await client.query<{ id: string }>('select id from installation')).rows;
  return {
    ...nothing,
    schemaVersion,
    installationId: ids[0]?.id ?? null,
    sealed: keys[0]?.hash_key ?? null,
    timeZones: zones.map(({ time_zone: zone }) => zone),
  };
}
