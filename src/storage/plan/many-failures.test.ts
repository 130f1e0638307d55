import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import { replaceRecordErrors } from '#storage/runs/finish-run.ts';
import { type TestDatabase, testDatabase } from '#test/helpers/database.ts';
import { addSourceSystem } from '#test/helpers/plan-and-apply.ts';
import { setStaleItemsAside } from '../apply/stale-items.ts';

const ITEMS = 20_000;
const ITEM_BAND = 200_000_000;

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

/** Far above what the statements need, far below what a loop over all items for each failure takes. */
async function bounded<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  return inTenant(database.db, database.tenantId, async (tx) => {
    await tx.query(`set local statement_timeout = '20s'`);
    return work(tx);
  });
}

test('as many failures as items: errors and stale items are found without a loop over all items for each', async () => {
  const { profileId, sourceSystemId } = await addSourceSystem(database.db, database.tenantId);
  const runId = realSystem.newId();
  await bounded(async (tx) => {
    await tx.query(
      `insert into run (tenant_id, id, profile_id, state, epoch, requested_by) values (current_tenant(), $1, $2, 'applying', 1, 'test')`,
      [runId, profileId],
    );
    await tx.query(
      `insert into person (tenant_id, id, display_name, version, change_seq)
       select current_tenant(), md5(n::text)::uuid, 'Somebody', 2, 1 from generate_series(1, $1::integer) n`,
      [ITEMS],
    );
    await tx.query(
      `insert into bulk.plan_item (run_id, item_no, kind, action, reason, key, content, source_id, object_id, base_version, after)
       select $1, $3 + n, 'teacher', 'update', 'changedInSource', gen_random_uuid(), n, 'P' || n, md5(n::text)::uuid, 1, '{}'
         from generate_series(1, $2::integer) n`,
      [runId, ITEMS, ITEM_BAND],
    );
  });
  const range = {
    runId,
    sourceSystemId,
    firstItemNo: ITEM_BAND + 1,
    lastItemNo: ITEM_BAND + ITEMS,
    changeSeq: 2,
  };
  await bounded((tx) => setStaleItemsAside(tx, range, 'teacher'));
  assert.equal(await bounded((tx) => replaceRecordErrors(tx, profileId, runId)), ITEMS);
});
