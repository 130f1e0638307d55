import type { Client } from 'pg';

/** What a profile has after a school term of daily syncs. */
const RUNS_OF_A_PROFILE = 100;

/**
 * Copies all rows of the one tenant of a database under new tenants, until there are so many: as if each had synced the same roster. Ids are
 * unique within their tenant only, so they stay. As superuser; triggers and checks of foreign keys rest meanwhile.
 */
export async function cloneTenant(client: Client, tenants: number): Promise<void> {
  await client.query('begin');
  await client.query(`set local session_replication_role = replica`);
  await client.query('set local search_path = rollbook');
  await client.query(
    `create temp table clone on commit drop as select gen_random_uuid() as id
       from generate_series(1, $1::int - (select count(*)::int from tenant))`,
    [tenants],
  );
  await client.query(
    'create temp table pattern on commit drop as select id from tenant order by created_at limit 1',
  );
  const { rows } = await client.query<{ name: string; columns: string[] }>(`
    select format('%I.%I', n.nspname, c.relname) as name,
      array(select quote_ident(attname) from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
            and attgenerated = '' and attname <> 'tenant_id') as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('rollbook', 'bulk') and c.relkind in ('r', 'p') and not c.relispartition
      and exists (select from pg_attribute where attrelid = c.oid and attname = 'tenant_id')`);
  for (const { name, columns } of rows) {
    const list = columns.join(', ');
    await client.query(
      `insert into ${name} (tenant_id, ${list}) select clone.id, ${columns.map((column) => `r.${column}`).join(', ')}
         from clone, ${name} r where r.tenant_id = (select id from pattern)`,
    );
  }
  const { rows: columns } = await client.query<{ name: string }>(
    `select quote_ident(attname) as name from pg_attribute where attrelid = 'tenant'::regclass and attnum > 0
       and not attisdropped and attgenerated = '' and attname <> 'id'`,
  );
  const list = columns.map(({ name }) => name).join(', ');
  await client.query(
    `insert into tenant (id, ${list}) select clone.id, ${list} from clone, tenant where tenant.id = (select id from pattern)`,
  );
  await client.query('commit');
}

/** The runs of past days of every profile: rows of the last run that is complete, with other ids and times. */
export async function addPastRuns(client: Client): Promise<void> {
  await client.query('begin');
  await client.query(`set local session_replication_role = replica`);
  await client.query('set local search_path = rollbook');
  const { rows } = await client.query<{ name: string }>(
    `select quote_ident(attname) as name from pg_attribute where attrelid = 'run'::regclass and attnum > 0 and not attisdropped
       and attgenerated = '' and attname not in ('id', 'created_at')`,
  );
  const list = rows.map(({ name }) => name).join(', ');
  await client.query(
    `insert into run (id, created_at, ${list})
     select gen_random_uuid(), r.created_at - make_interval(days => day), ${list}
       from generate_series(1, $1::int) day, lateral (select * from run where state = 'completed' order by created_at desc limit 1) r`,
    [RUNS_OF_A_PROFILE],
  );
  await client.query('commit');
}
