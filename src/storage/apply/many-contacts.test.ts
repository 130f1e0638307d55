/** A batch of a state's students: the planner knows nothing of rows this fresh, and must not compare each with each. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ITEM_BAND, KINDS } from '#core/roster/kinds.ts';
import { realSystem } from '#lib/system.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import { resolveIncomplete } from '#storage/plan/resolve-incomplete.ts';
import { type TestDatabase, testDatabase } from '#test/helpers/database.ts';
import { addSourceSystem } from '#test/helpers/plan-and-apply.ts';
import { applyContacts } from './apply-contacts.ts';

const ITEMS = 20_000;
/** Ten times what it takes; compared each with each it would be hours. */
const TIMEOUT = '30s';
const FIRST = KINDS.indexOf('student') * ITEM_BAND;

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

const bounded = <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
  inTenant(database.db, database.tenantId, async (tx) => {
    await tx.query(`set local statement_timeout = '${TIMEOUT}'`);
    return work(tx);
  });

const CONTACTS = (phone: string): string => `jsonb_build_array(
  jsonb_build_object('displayName', 'A' || n, 'emailAddress', 'a' || n || '@home.example', 'mobilePhone', ${phone}, 'relationship', 'parent'),
  jsonb_build_object('displayName', 'B' || n, 'emailAddress', 'b' || n || '@home.example', 'mobilePhone', null, 'relationship', 'parent'))`;

async function insertItems(
  { sourceSystemId, profileId }: Awaited<ReturnType<typeof addSourceSystem>>,
  action: string,
  before: string,
  after: string,
): Promise<Parameters<typeof applyContacts>[1]> {
  const runId = realSystem.newId();
  await bounded(async (tx) => {
    await tx.query(`update run set state = 'completed' where profile_id = $1`, [profileId]);
    await tx.query(
      `insert into run (tenant_id, id, profile_id, state, epoch, requested_by) values (current_tenant(), $1, $2, 'applying', 1, 'test')`,
      [runId, profileId],
    );
    await tx.query(
      `insert into bulk.plan_item (run_id, item_no, kind, action, reason, key, content, source_id, object_id, before, after)
       select $1, $3 + n, 'student', '${action}', 'changedInSource', gen_random_uuid(), n, 'P' || n, md5(n::text)::uuid, ${before}, ${after}
         from generate_series(1, $2::integer) n`,
      [runId, ITEMS, FIRST],
    );
  });
  return { runId, sourceSystemId, firstItemNo: FIRST + 1, lastItemNo: FIRST + ITEMS, changeSeq: 2 };
}

test('twenty thousand students with their contacts: first, changed, and filled in from before', async () => {
  const source = await addSourceSystem(database.db, database.tenantId);
  await bounded((tx) =>
    tx.query(
      `insert into person (tenant_id, id, display_name, version, change_seq)
       select current_tenant(), md5(n::text)::uuid, 'Somebody', 1, 1 from generate_series(1, $1::integer) n`,
      [ITEMS],
    ),
  );
  const counts = (): Promise<Record<string, unknown>[]> =>
    bounded((tx) =>
      tx.query(
        `select count(*)::integer as rows, count(*) filter (where active)::integer as active, count(mobile_phone)::integer as phones
           from contact_relationship`,
      ),
    );
  const first = await insertItems(
    source,
    'create',
    'null',
    `jsonb_build_object('contacts', ${CONTACTS('null')})`,
  );
  await bounded((tx) => applyContacts(tx, first));
  assert.deepEqual(await counts(), [{ rows: 2 * ITEMS, active: 2 * ITEMS, phones: 0 }]);
  const second = await insertItems(
    source,
    'update',
    `jsonb_build_object('contacts', ${CONTACTS('null')})`,
    `jsonb_build_object('contacts', jsonb_build_array(${CONTACTS(`'1'`)} -> 0), 'incomplete', '["contacts"]'::jsonb)`,
  );
  await bounded((tx) => resolveIncomplete(tx, second));
  await bounded((tx) => applyContacts(tx, second));
  assert.deepEqual(await counts(), [{ rows: 2 * ITEMS, active: 2 * ITEMS, phones: ITEMS }]);
  const third = await insertItems(
    source,
    'update',
    `jsonb_build_object('contacts', ${CONTACTS(`'1'`)})`,
    `jsonb_build_object('contacts', jsonb_build_array(${CONTACTS('null')} -> 1))`,
  );
  await bounded((tx) => applyContacts(tx, third));
  assert.deepEqual(await counts(), [{ rows: 2 * ITEMS, active: ITEMS, phones: ITEMS }]);
});
