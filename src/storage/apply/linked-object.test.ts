import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Client } from 'pg';

import { must } from '#lib/assert.ts';
import { asOwner, inTenant } from '#storage/database.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { addSourceSystem } from '#test/helpers/plan-and-apply.ts';

import { lookUp } from '../plan/look-up.ts';
import { linkedObject } from './linked-object.ts';
import { isPast } from './links-of-person.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

async function cleanUp(table: string): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(`vacuum ${table}`);
  await client.end();
}

const ROWS = 20_000;
const LOOK_UPS = 200;

/**
 * In the middle of a first sync PostgreSQL may have cleaned a table up, and so know how long it is, and not have looked at what is in it. It takes each condition for
 * one that few rows meet, and an index whose first columns are the same in all rows for as good as the right one: 23,000 look-ups then took seven minutes.
 */
async function pagesFor(table: string): Promise<number> {
  const rows = await inTenant(database.db, database.tenantId, (tx) =>
    tx.query<{ 'QUERY PLAN': unknown }>(
      `explain (analyze, buffers, format json) select n from generate_series(1, ${LOOK_UPS}) n cross join ${table}`,
    ),
  );
  const [explained] = must(rows[0])['QUERY PLAN'] as { Plan: Record<string, number> }[];
  assert.equal(explained?.Plan['Actual Rows'], LOOK_UPS);
  return Number(explained?.Plan['Shared Hit Blocks']) + Number(explained?.Plan['Shared Read Blocks']);
}

test('a key, and the links of a person, are looked up among thousands of links that PostgreSQL knows nothing of', async () => {
  const { db, tenantId } = database;
  const { sourceSystemId } = await addSourceSystem(db, tenantId);
  await asOwner(db, (tx) => tx.query('alter table link set (autovacuum_enabled = false)'));
  await inTenant(db, tenantId, (tx) =>
    tx.query(
      `insert into link (tenant_id, source_system_id, kind, source_id, key, content, object_id, attributes, first_run_id, last_run_id)
       select current_tenant(), $1, 'student', 's' || n, md5(n::text)::uuid, n, md5('o' || n)::uuid, '{}', $2, $2
         from generate_series(1, $3::integer) n`,
      [sourceSystemId, tenantId, ROWS],
    ),
  );
  await cleanUp('rollbook.link');
  const pages = await pagesFor(`${linkedObject(`'${sourceSystemId}'`, 'md5(n::text)::uuid')} found`);
  assert.ok(pages > LOOK_UPS && pages < LOOK_UPS * 10, `${pages} pages for ${LOOK_UPS} look-ups`);
  const links = await pagesFor(
    `lateral (select ${isPast('student', `md5('o' || n)::uuid`)} as is_past) of_person where not is_past`,
  );
  assert.ok(links > LOOK_UPS && links < LOOK_UPS * 10, `${links} pages for the links of ${LOOK_UPS} people`);
});

test('and so is the account of a person', async () => {
  const { db, tenantId } = database;
  await asOwner(db, (tx) => tx.query('alter table account set (autovacuum_enabled = false)'));
  await inTenant(db, tenantId, async (tx) => {
    await tx.query(
      `insert into person (tenant_id, id, display_name, change_seq)
       select current_tenant(), md5(n::text)::uuid, 'Somebody', 1 from generate_series(1, $1::integer) n`,
      [ROWS],
    );
    await tx.query(
      `insert into account (tenant_id, id, person_id, user_name, change_seq)
       select tenant_id, id, id, id || '@school.example', 1 from person`,
    );
  });
  await cleanUp('rollbook.account');
  const pages = await pagesFor(
    lookUp('account', 'a', 'a.person_id = md5(n::text)::uuid and a.target_id = 0'),
  );
  assert.ok(pages > LOOK_UPS && pages < LOOK_UPS * 10, `${pages} pages for ${LOOK_UPS} look-ups`);
});
