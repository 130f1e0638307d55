/** When a retry of what is in escrow is queued, and with what. What it does: test/scenarios/escrow.test.ts. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { inTenant } from '#storage/database.ts';
import { queueRetry } from '#storage/escrow/queue-retry.ts';
import { profileBench } from '#test/helpers/profile-commands.ts';

import { planProfile } from '../profiles/plan-profile.ts';
import { startProfile } from '../profiles/start-profile.ts';

const bench = await profileBench();
after(() => bench.close());
const { newId } = bench.context.system;

let made = 0;
/** A profile whose last sync went in without teachers, which somebody confirmed, and left a record in escrow that is due. */
async function withEscrow(): Promise<{ id: string; acceptedId: string }> {
  const id = await bench.provisioned(`Escrow ${(made += 1)}`);
  await bench.upload(id, 'school.csv');
  const { runId } = await startProfile(bench.context, bench.actor, id);
  await bench.setRun(runId, 'completed');
  await bench.rows(`update run set confirmed_files = '{teacher.csv}' where id = $1`, runId);
  await bench.rows('update profile set accepted_run_id = $2 where id = $1', id, runId);
  await bench.rows(
    `insert into escrow (tenant_id, profile_id, key, kind, source_id, code, message, last_run_id, next_attempt_at)
     values (current_tenant(), $1, $2, 'student', 'S1', 'UnsynchronizableChange', 'no account', $3, now())`,
    id,
    newId(),
    runId,
  );
  return { id, acceptedId: runId };
}
const retry = (profileId: string, asked = false): Promise<boolean> =>
  inTenant(bench.db, bench.tenantId, (tx) =>
    queueRetry(tx, { profileId, runId: newId(), actor: 'rollbook', newId, asked }),
  );

test('it has the files that were let in, and may what they were let in with: nobody is asked twice', async () => {
  const { id, acceptedId } = await withEscrow();
  const accepted = await bench.latestRun(id);
  assert.equal(await retry(id), true);
  const run = await bench.latestRun(id);
  assert.notEqual(run['id'], acceptedId);
  assert.deepEqual(
    [run['state'], run['trigger'], run['upload_id'], run['tolerance_waived'], run['confirmed_files']],
    ['queued', 'retry', accepted['upload_id'], true, ['teacher.csv']],
  );
  assert.equal(await retry(id), false, 'one is queued');
});

test('a preview that waits is in nobody’s way; one that is queued is', async () => {
  const { id } = await withEscrow();
  const preview = await planProfile(bench.context, bench.actor, id);
  assert.equal(await retry(id), false);
  await bench.setRun(preview, 'held', { errorCode: 'PreviewReady' });
  assert.equal(await retry(id), true);
});

for (const [name, sql, byItself, asked] of [
  [
    'nothing is due yet',
    `update escrow set next_attempt_at = now() + interval '1 hour' where profile_id = $1`,
    false,
    false,
  ],
  [
    'the run that was let in was cancelled half way',
    `update run set state = 'cancelled' where profile_id = $1`,
    false,
    false,
  ],
  ['the files are erased', `update upload set state = 'erased' where profile_id = $1`, false, false],
  ['the profile is paused', 'update profile set paused_at = now() where id = $1', false, true],
  [
    'the profile had its turn in quarantine',
    `update profile set quarantined_at = now(), quarantine_reason = 'IngestionInterrupted',
            quarantine_next_attempt_at = now() + interval '1 hour' where id = $1`,
    false,
    true,
  ],
] as const)
  test(`${name}: ${byItself ? '' : 'not '}by itself, ${asked ? '' : 'not '}when somebody asks`, async () => {
    const { id } = await withEscrow();
    await bench.rows(sql, id);
    assert.equal(await retry(id), byItself);
    assert.equal(await retry(id, true), asked);
  });
