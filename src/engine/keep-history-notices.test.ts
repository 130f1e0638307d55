import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { realSystem, uuidv7 } from '#lib/system.ts';
import { asOwner, inTenant } from '#storage/database.ts';
import { raiseNotice } from '#storage/notices/raise-notice.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { insertProfile } from '#test/helpers/insert-profile.ts';

import { removeOldRuns } from './keep-history.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

async function endedRun(profileId: string, daysAgo: number): Promise<string> {
  const at = new Date(Date.now() - daysAgo * 86_400_000);
  const id = uuidv7(at.getTime(), realSystem.randomBytes(10));
  await inTenant(database.db, database.tenantId, (tx) =>
    tx.query(
      `insert into run (tenant_id, id, profile_id, state, requested_by, created_at, finished_at)
       values (current_tenant(), $1, $2, 'completed', 'test', $3, $3)`,
      [id, profileId, at],
    ),
  );
  return id;
}

test('a run that somebody was told of is removed, too; what they were told stays', async () => {
  const profileId = await insertProfile(database.db, database.tenantId);
  const told = await endedRun(profileId, 900);
  const noticeId = realSystem.newId();
  await inTenant(database.db, database.tenantId, (tx) =>
    raiseNotice(tx, {
      id: noticeId,
      profileId,
      runId: told,
      event: 'held',
      reasonKey: 'VerdictHeld',
      payload: { message: 'The plan waits.' },
    }),
  );
  await endedRun(profileId, 899);
  for (let number = 0; number < 20; number++) await endedRun(profileId, 300 - number);

  assert.deepEqual(await removeOldRuns({ db: database.db, runRetentionDays: 400 }), {
    runs: 2,
    partitions: 0,
  });
  const notices = await asOwner(database.db, (tx) => tx.query('select id, run_id from notice'));
  assert.deepEqual(notices, [{ id: noticeId, run_id: null }]);
});
