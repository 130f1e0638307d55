import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { inTenant } from '#storage/database.ts';
import { raiseNotice } from '#storage/notices/raise-notice.ts';
import { profileBench } from '#test/helpers/profile-commands.ts';

import { deleteProfile } from './delete-profile.ts';
import { startProfile } from './start-profile.ts';

const bench = await profileBench();
after(() => bench.close());

test('of a profile that was deleted nothing stays open: no notice, no error, nothing in escrow', async () => {
  const id = await bench.provisioned();
  await bench.upload(id, 'school.csv');
  const { runId } = await startProfile(bench.context, bench.actor, id);
  await bench.setRun(runId, 'completed');
  await inTenant(bench.db, bench.tenantId, (tx) =>
    raiseNotice(tx, {
      id: bench.context.system.newId(),
      profileId: id,
      runId,
      event: 'held',
      reasonKey: 'VerdictHeld',
      payload: {},
    }),
  );
  const key = bench.context.system.newId();
  await bench.rows(
    `insert into escrow (tenant_id, profile_id, key, kind, source_id, code, message, last_run_id)
     values (current_tenant(), $1, $2, 'student', 'S1', 'UnsynchronizableChange', 'no account', $3)`,
    id,
    key,
    runId,
  );
  for (const error of [key, bench.context.system.newId()])
    await bench.rows(
      `insert into record_error (tenant_id, profile_id, id, run_id, entry_type, error_code, error_message)
       values (current_tenant(), $1, $2, $3, 'Student', 'UnsynchronizableChange', 'no account')`,
      id,
      error,
      runId,
    );
  const open = () =>
    bench.rows(
      `select (select count(*)::integer from notice where profile_id = $1 and closed_at is null) as notices,
              (select count(*)::integer from record_error where profile_id = $1) as errors,
              (select count(*)::integer from escrow where profile_id = $1) as escrow`,
      id,
    );
  assert.deepEqual(await open(), [{ notices: 1, errors: 2, escrow: 1 }]);
  await deleteProfile(bench.context, bench.actor, id);
  assert.equal(await bench.finish(id), 'done');
  assert.deepEqual(await open(), [{ notices: 0, errors: 0, escrow: 0 }]);
});
