import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { claimRun } from '#storage/runs/claim-run.ts';
import { profileBench } from '#test/helpers/profile-commands.ts';

import { getQuarantine } from './quarantine-profile.ts';
import { resumeProfile } from './resume-profile.ts';
import { startProfile } from './start-profile.ts';

const bench = await profileBench();
after(() => bench.close());

test('a file that was confirmed once is not asked for again when another one is missing as well', async () => {
  const id = await bench.provisioned('Confirmed');
  await bench.upload(id, 'school.csv');
  const { runId } = await startProfile(bench.context, bench.actor, id);
  const stopFor = (...filesToConfirm: string[]) =>
    bench.setRun(runId, 'held', { errorCode: 'FilesNeedConfirmation', counts: { filesToConfirm } });
  const confirm = (...confirmEmptyFiles: string[]) =>
    resumeProfile(bench.context, bench.actor, id, { confirmEmptyFiles });
  await stopFor('student.csv');
  await confirm('student.csv');
  await stopFor('student.csv', 'teacher.csv', 'section.csv');
  await assert.rejects(confirm('teacher.csv'), {
    name: 'ConflictError',
    message: /^These files had rows before and are missing or empty now: section\.csv\./u,
  });
  await confirm('teacher.csv', 'section.csv');
  const { state, confirmed_files: files } = await bench.latestRun(id);
  assert.equal(state, 'queued');
  assert.deepEqual((files as string[]).toSorted(), ['section.csv', 'student.csv', 'teacher.csv']);
});

test('a suspended run goes on, and a newer one that stopped meanwhile goes on waiting', async () => {
  const id = await bench.provisioned('Beside');
  const start = async (): Promise<string> => {
    await bench.upload(id, 'school.csv');
    return (await startProfile(bench.context, bench.actor, id)).runId;
  };
  const older = await start();
  await bench.setRun(older, 'applying');
  const newer = await start();
  await bench.setRun(newer, 'held', { errorCode: 'ValidationFailed' });
  await bench.setRun(older, 'suspended');
  const states = async (): Promise<unknown[]> =>
    (
      await bench.rows<{ state: string }>(
        'select state from run where profile_id = $1 order by created_at',
        id,
      )
    ).map(({ state }) => state);
  await resumeProfile(bench.context, bench.actor, id);
  assert.deepEqual(await states(), ['queued', 'held']);
  await inTenant(bench.db, bench.tenantId, (tx) =>
    claimRun(tx, { runId: older, worker: 'test', leaseSeconds: 30, newId: realSystem.newId }),
  );
  assert.deepEqual(await states(), ['staging', 'held']);
});

test('a plan that is accepted in quarantine: the four weeks until the profile is disabled begin anew', async () => {
  const id = await bench.provisioned('Quarantined');
  await bench.upload(id, 'school.csv');
  const { runId } = await startProfile(bench.context, bench.actor, id);
  await bench.setRun(runId, 'held', { errorCode: 'VerdictHeld' });
  await bench.rows(
    `update profile set quarantined_at = now() - interval '27 days', quarantine_reason = 'IngestionInterrupted' where id = $1`,
    id,
  );
  await resumeProfile(bench.context, bench.actor, id);
  assert.equal((await bench.latestRun(id))['state'], 'queued');
  const { quarantined, firstAt } = await getQuarantine(bench.context, bench.tenantId, id);
  assert.equal(quarantined, true, 'a run alone ends it');
  assert.ok(firstAt !== null && firstAt.getTime() > Date.now() - 86_400_000);
});
