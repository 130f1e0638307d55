import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';

import { inTenant, type Tx } from '../database.ts';
import { findPersonId } from './find-person.ts';

const PEOPLE = 3_000;

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

/** Rows of people that this transaction has looked at. */
async function rowsRead(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ rows: number }>(
    `select (seq_tup_read + coalesce(idx_tup_fetch, 0))::float8 as rows from pg_stat_xact_user_tables where relname = 'person'`,
  );
  return row?.rows ?? 0;
}

test('who is signed in is found by key, however many people there are', async () => {
  await inTenant(database.db, database.tenantId, async (tx) => {
    await tx.query(
      `insert into person (tenant_id, id, primary_role, display_name, external_source, change_seq)
       select current_tenant(), md5(n::text)::uuid, 'student', n::text, 'sis', 1 from generate_series(1, ${PEOPLE}) n`,
    );
    await tx.query(
      `insert into account (tenant_id, id, person_id, user_name, change_seq)
       select tenant_id, id, id, display_name || '@school.example', 1 from person`,
    );
    const [seventh] = await tx.query<{ id: string }>(`select md5('7')::uuid as id`);
    const id = seventh?.id ?? '';
    const name = '7@School.example';
    for (const [objectId, userPrincipalName] of [
      [id.toUpperCase(), undefined],
      [id, 'nobody@school.example'],
      ['0198e000-0000-7000-8000-00000000000a', name],
      ['no id at all', name],
      [undefined, name],
    ] as const) {
      const before = await rowsRead(tx);
      assert.equal(await findPersonId(tx, { objectId, userPrincipalName }), id);
      assert.ok((await rowsRead(tx)) - before <= 2, `${objectId ?? name}: all people were looked at`);
    }
    assert.equal(await findPersonId(tx, { objectId: 'x', userPrincipalName: undefined }), undefined);
  });
});
