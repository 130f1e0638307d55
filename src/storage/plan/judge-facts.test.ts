import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { insertProfile } from '#test/helpers/insert-profile.ts';

import { readWindow } from './judge-facts.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

/** A run of so many hours ago whose plan went in, with a count: updates of students of school S1. */
async function letIn(
  profileId: string,
  hoursAgo: number,
  baseRunId: string | null,
  count: { items: number; judged: number; held: number },
): Promise<string> {
  const id = realSystem.newId();
  await inTenant(database.db, database.tenantId, async (tx) => {
    await tx.query(
      `insert into run (tenant_id, id, profile_id, state, requested_by, created_at, planned_at)
       values (current_tenant(), $1, $2, 'completed', 'test', now() - make_interval(hours => $3), now() - make_interval(hours => $3))`,
      [id, profileId, hoursAgo],
    );
    await tx.query(
      `insert into plan (tenant_id, run_id, roster_hash, item_count, counts, verdict, base_run_id)
       values (current_tenant(), $1, 'h', $2, '[]', '{}', $3)`,
      [id, count.items, baseRunId],
    );
    await tx.query(
      `insert into plan_count (tenant_id, run_id, school_id, kind, action, item_count, failed_count, judged_count, held_count, first_item_no, last_item_no)
       values (current_tenant(), $1, 'S1', 'student', 'update', $2, 0, $3, $4, 1, $2)`,
      [id, count.items, count.judged, count.held],
    );
  });
  return id;
}

test('what was held and counts for nothing hides nothing of what other days let in', async () => {
  const profileId = await insertProfile(database.db, database.tenantId);
  const first = await letIn(profileId, 50, null, { items: 400, judged: 0, held: 0 });
  // New grades of a whole school, held for another reason: held, and not judged.
  const second = await letIn(profileId, 40, first, { items: 400, judged: 0, held: 400 });
  const third = await letIn(profileId, 30, second, { items: 250, judged: 250, held: 0 });
  // Part of it held: of 90, of which 80 are judged, 20 went in, all of them judged perhaps.
  await letIn(profileId, 20, third, { items: 90, judged: 80, held: 70 });
  const window = await inTenant(database.db, database.tenantId, (tx) =>
    readWindow(tx, profileId, realSystem.newId(), 7 * 24),
  );
  assert.deepEqual(window, [{ school: 'S1', kind: 'student', action: 'update', count: 270 }]);
});
