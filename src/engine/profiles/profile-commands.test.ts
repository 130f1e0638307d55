import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { asOwner } from '#storage/database.ts';
import { CSV_DEFINITION, profileBench, type ProfileBench } from '#test/helpers/profile-commands.ts';

import { createProfile } from './create-profile.ts';
import { deleteProfile } from './delete-profile.ts';
import { openProfileUpload } from './open-profile-upload.ts';
import { pauseProfile } from './pause-profile.ts';
import { startProfileJobs } from './profile-jobs.ts';
import { openProfileSecrets } from './profile-secrets.ts';
import { getProfile, getProfileStatus } from './read-profiles.ts';
import { resetProfile } from './reset-profile.ts';
import { resumeProfile } from './resume-profile.ts';
import { startProfile } from './start-profile.ts';
import { updateProfile } from './update-profile.ts';

let bench: ProfileBench;
before(async () => {
  bench = await profileBench();
});
after(() => bench.close());

const owner = (sql: string) => asOwner(bench.db, (tx) => tx.query(sql));
const start = (id: string) => startProfile(bench.context, bench.actor, id);
const resume = (id: string, confirmEmptyFiles: string[] = []) =>
  resumeProfile(bench.context, bench.actor, id, { confirmEmptyFiles });
const statusOf = (id: string) => getProfileStatus(bench.context, bench.tenantId, id, false);
const create = (displayName: string, more = {}) =>
  createProfile(bench.context, bench.actor, {
    definition: { ...CSV_DEFINITION, displayName, ...more },
    clientSecret: null,
  });

async function started(displayName: string): Promise<{ id: string; runId: string }> {
  const id = await bench.provisioned(displayName);
  await bench.upload(id, 'school.csv');
  const { runId } = await start(id);
  return { id, runId };
}

const conflict = (message: RegExp) => ({ name: 'ConflictError', message });

test('a profile is provisioned by its job, and every step leaves an event', async () => {
  const profile = await create('Provisioning');
  assert.equal(profile.state, 'provisioning');
  assert.equal((await statusOf(profile.id)).status, 'paused');
  await assert.rejects(start(profile.id), conflict(/state is provisioning\. Get the profile until/u));
  await assert.rejects(openProfileUpload(bench.context, bench.actor, profile.id), conflict(/provisioning/u));
  assert.ok(bench.wokenProfiles.includes(profile.id));
  assert.equal(await bench.finish(profile.id), 'done');
  assert.equal((await getProfile(bench.context, bench.tenantId, profile.id)).state, 'provisioned');
  const events = await bench.rows<{ event: string; state: string; actor: string }>(
    'select event, state, actor from profile_event where profile_id = $1 order by at, id',
    profile.id,
  );
  assert.deepEqual(
    events.map((event) => [event.event, event.state, event.actor]),
    [
      ['created', 'provisioning', bench.actor.applicationId],
      ['checked', 'provisioned', 'rollbook'],
    ],
  );
});

test('what a crash left behind is finished by the sweep at the next start', async () => {
  const unfinished = await create('Left behind');
  const dying = await bench.provisioned('Left dying');
  await deleteProfile(bench.context, bench.actor, dying);
  const jobs = startProfileJobs({
    ...bench.context,
    onFailure: (id, error) => assert.fail(`${id} ${String(error)}`),
  });
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const rows = await bench.rows<{ state: string }>(
      'select state from profile where id in ($1, $2) order by state',
      unfinished.id,
      dying,
    );
    if (rows.map((row) => row.state).join(' ') === 'deleted provisioned') break;
    assert.ok(attempt < 199, 'the sweep did not finish what was left');
    await bench.context.system.sleep(25);
  }
  await jobs.close();
});

for (const [what, sqlState, state] of [
  ['goes on by itself when PostgreSQL restarts', '57P01', 'deleting'],
  ['goes on by itself after a deadlock', '40P01', 'deleting'],
  ['has failed where something else is in the way', 'P0001', 'deletionFailed'],
] as const)
  test(`a deletion ${what}`, async () => {
    const id = await bench.provisioned(`Deleted ${sqlState}`);
    await deleteProfile(bench.context, bench.actor, id);
    const stateOf = async () =>
      (await bench.rows<{ state: string }>('select state from profile where id = $1', id))[0]?.state;
    await owner(
      `create or replace function refuse() returns trigger language plpgsql as
         $$ begin raise 'not now' using errcode = '${sqlState}'; end $$`,
    );
    await owner('create trigger refuse before delete on record_error execute function refuse()');
    try {
      await assert.rejects(bench.finish(id), { code: sqlState });
      assert.equal(await stateOf(), state);
    } finally {
      await owner('drop trigger refuse on record_error');
    }
    await bench.finish(id);
    assert.equal(await stateOf(), state === 'deleting' ? 'deleted' : state);
  });

test('an update keeps what it does not name, the secret too, and provisions again', async () => {
  const oneRoster = {
    type: 'oneRosterApi',
    connectionUrl: 'https://sis.example/ims',
    connectionSettings: { type: 'oAuth1', clientId: 'me' },
    providerName: null,
    schoolsIds: null,
    termIds: null,
    customizations: null,
  } as const;
  const profile = await createProfile(bench.context, bench.actor, {
    definition: { ...CSV_DEFINITION, displayName: 'Secretive', dataProvider: oneRoster },
    clientSecret: 'geheim',
  });
  await bench.finish(profile.id);
  const updated = await updateProfile(bench.context, bench.actor, profile.id, {
    definition: { displayName: 'Secretive 2', dataProvider: { ...oneRoster, providerName: 'SIS' } },
    clientSecret: null,
  });
  assert.equal(updated.state, 'provisioning');
  assert.equal(updated.displayName, 'Secretive 2');
  assert.deepEqual(updated.identityConfiguration, CSV_DEFINITION.identityConfiguration);
  assert.deepEqual(openProfileSecrets(bench.context.secretBox, updated.secrets), { clientSecret: 'geheim' });
  assert.ok(!updated.secrets?.toString('latin1').includes('geheim'));
  await bench.finish(profile.id);
  await assert.rejects(
    updateProfile(bench.context, bench.actor, profile.id, {
      definition: { dataProvider: CSV_DEFINITION.dataProvider },
      clientSecret: null,
    }),
    /type of the data provider cannot be changed/u,
  );
  await assert.rejects(start(profile.id), {
    name: 'InvalidRequestError',
    message: /does not run OneRoster API profiles yet/u,
  });
  assert.match((await statusOf(profile.id)).statusMessage, /does not run OneRoster API profiles yet/u);
});

test('start seals, queues and wakes; without files it is refused and the upload stays open', async () => {
  const id = await bench.provisioned('Starts');
  await assert.rejects(start(id), { name: 'InvalidRequestError', message: /no uploaded files/u });
  await bench.upload(id);
  await assert.rejects(start(id), { name: 'InvalidRequestError', message: /no uploaded files/u });
  await bench.upload(id, 'school.csv', 'student.csv');
  const { runId, stopped, messages } = await start(id);
  assert.equal(stopped, false);
  assert.deepEqual(messages, []);
  assert.equal(bench.wokenRuns.at(-1), runId);
  const run = await bench.latestRun(id);
  assert.equal(run['state'], 'queued');
  assert.equal(run['requested_by'], bench.actor.applicationId);
  const uploads = await bench.rows<{ state: string }>(
    'select state from upload where id = $1',
    run['upload_id'],
  );
  assert.equal(uploads[0]?.state, 'sealed');
  assert.equal((await statusOf(id)).status, 'inProgress');
  const next = await openProfileUpload(bench.context, bench.actor, id);
  assert.notEqual(next.uploadId, run['upload_id']);
});

test('a newer start replaces what waits, and queues behind what executes', async () => {
  const { id, runId } = await started('Replaces');
  const stateOf = async (run: string): Promise<unknown> =>
    (await bench.rows<{ state: string }>('select state from run where id = $1', run))[0]?.state;
  for (const waiting of ['queued', 'held', 'suspended', 'broken'] as const) {
    const before = String((await bench.latestRun(id))['id']);
    await bench.setRun(before, waiting);
    await bench.upload(id, 'school.csv');
    await start(id);
    assert.equal(await stateOf(before), 'superseded', waiting);
  }
  assert.equal(await stateOf(runId), 'superseded');
  const executing = String((await bench.latestRun(id))['id']);
  await bench.setRun(executing, 'applying');
  await bench.upload(id, 'school.csv');
  const second = (await start(id)).runId;
  await bench.upload(id, 'school.csv');
  const third = (await start(id)).runId;
  assert.deepEqual(
    [await stateOf(executing), await stateOf(second), await stateOf(third)],
    ['applying', 'superseded', 'queued'],
  );
});

test('start waits for validation: stopped with messages, or on its way', async () => {
  const waiting = await profileBench({ startWaitSeconds: 10 });
  try {
    const id = await waiting.provisioned();
    for (const [errorCode, stopped] of [
      ['ValidationFailed', true],
      ['FilesUnusable', true],
      ['FilesNeedConfirmation', true],
      ['VerdictHeld', false],
    ] as const) {
      await waiting.upload(id, 'student.csv');
      const starting = startProfile(waiting.context, waiting.actor, id);
      for (let attempt = 0; waiting.wokenRuns.length === 0 && attempt < 400; attempt += 1)
        await waiting.context.system.sleep(10);
      const runId = String(waiting.wokenRuns.pop());
      await waiting.rows(
        `insert into finding_count (tenant_id, run_id, file, code, field, severity, row_count)
         values (current_tenant(), $1, 'student.csv', 'REQUIRED_MISSING', 'SIS ID', 'error', 4)`,
        runId,
      );
      await waiting.setRun(runId, 'held', { errorCode });
      const result = await starting;
      assert.equal(result.stopped, stopped, errorCode);
      assert.equal(
        result.messages[0]?.description,
        "4 row(s) in student.csv are missing data for the field 'SIS ID'.",
      );
    }
  } finally {
    await waiting.close();
  }
});

test('a database that goes away once the run is queued makes no failure of the start', async () => {
  const id = await bench.provisioned('Away');
  await bench.upload(id, 'school.csv');
  const away = { connect: () => Promise.reject(new Error('Connection terminated unexpectedly')) };
  const db = { ...bench.db, reader: away as unknown as typeof bench.db.reader };
  const { runId, ...answer } = await startProfile({ ...bench.context, db }, bench.actor, id);
  assert.deepEqual(answer, { stopped: false, messages: [] });
  assert.deepEqual([(await bench.latestRun(id))['id'], bench.wokenRuns.at(-1)], [runId, runId]);
});

test('pause is at once, stays until resume, and start waits for it', async () => {
  const { id, runId } = await started('Pauses');
  await pauseProfile(bench.context, bench.actor, id);
  assert.equal((await statusOf(id)).status, 'paused');
  assert.equal((await bench.latestRun(id))['state'], 'suspended');
  await assert.rejects(pauseProfile(bench.context, bench.actor, id), conflict(/paused already.*Resume it/u));
  await bench.upload(id, 'school.csv');
  await assert.rejects(start(id), conflict(/Resume it first/u));
  bench.wokenRuns.length = 0;
  await resume(id);
  assert.equal((await bench.latestRun(id))['state'], 'queued');
  assert.deepEqual(bench.wokenRuns, [runId]);
  await assert.rejects(resume(id), conflict(/a run is under way/u));
});

test('an executing run of a paused profile counts as paused, and is left to its worker', async () => {
  const { id, runId } = await started('Pauses executing');
  await bench.setRun(runId, 'applying');
  await pauseProfile(bench.context, bench.actor, id);
  assert.equal((await bench.latestRun(id))['state'], 'applying');
  assert.equal((await statusOf(id)).status, 'paused');
});

test('resume accepts a held run as its reason asks, and an ended pause accepts nothing', async () => {
  const { id, runId } = await started('Resumes');
  await bench.setRun(runId, 'held', { errorCode: 'ValidationFailed' });
  assert.equal((await statusOf(id)).status, 'validationError');
  await pauseProfile(bench.context, bench.actor, id);
  await resume(id);
  assert.equal((await bench.latestRun(id))['state'], 'held');
  await resume(id);
  const waived = await bench.latestRun(id);
  assert.deepEqual(
    [waived['state'], waived['tolerance_waived'], waived['verdict_accepted'], waived['accepted_by']],
    ['queued', true, false, bench.actor.applicationId],
  );
  await bench.setRun(runId, 'held', { errorCode: 'VerdictHeld' });
  await resume(id);
  const accepted = await bench.latestRun(id);
  assert.deepEqual([accepted['state'], accepted['verdict_accepted']], ['queued', true]);
  await bench.setRun(runId, 'held', { errorCode: 'FilesUnusable' });
  await assert.rejects(resume(id), conflict(/Upload corrected files and start again/u));
  await bench.setRun(runId, 'completed');
  await assert.rejects(resume(id), conflict(/last run is complete\. Start it/u));
  await bench.setRun(runId, 'broken', { errorCode: 'DiskFull' });
  await resume(id);
  assert.equal((await bench.latestRun(id))['state'], 'queued');
});

test('missing or empty files are confirmed by name and by nothing else', async () => {
  const { id, runId } = await started('Confirms');
  await bench.setRun(runId, 'held', {
    errorCode: 'FilesNeedConfirmation',
    counts: { filesToConfirm: ['student.csv', 'teacher.csv'] },
  });
  await assert.rejects(resume(id), conflict(/student\.csv, teacher\.csv.*confirmEmptyFiles/u));
  await assert.rejects(resume(id, ['student.csv']), conflict(/missing or empty now: teacher\.csv/u));
  await assert.rejects(resume(id, ['school.csv']), { name: 'InvalidRequestError' });
  assert.equal((await bench.latestRun(id))['state'], 'held');
  await resume(id, ['Student.csv', 'teacher.csv']);
  const run = await bench.latestRun(id);
  assert.equal(run['state'], 'queued');
  assert.deepEqual([...(run['confirmed_files'] as string[])].sort(), ['student.csv', 'teacher.csv']);
  await assert.rejects(resume(id, ['student.csv']), conflict(/No run of this profile waits/u));
});

test('reset cancels, forgets errors and quarantine, and makes the snapshot stale', async () => {
  const { id, runId } = await started('Resets');
  const profile = await getProfile(bench.context, bench.tenantId, id);
  const generation = async (): Promise<number> =>
    (
      await bench.rows<{ generation: number }>(
        'select generation::float8 as generation from snapshot_state where source_system_id = $1',
        profile.sourceSystemId,
      )
    )[0]?.generation ?? -1;
  const before = await generation();
  await bench.setRun(runId, 'broken', { errorCode: 'DiskFull' });
  await bench.rows('update profile set quarantined_at = now(), broken_runs = 5 where id = $1', id);
  await bench.rows(
    `insert into record_error (tenant_id, profile_id, id, run_id, entry_type, error_code, error_message)
     values (current_tenant(), $1, $2, $3, 'Student', 'UnsynchronizableChange', 'no account')`,
    id,
    bench.context.system.newId(),
    runId,
  );
  assert.deepEqual([(await statusOf(id)).status, (await statusOf(id)).errorCount], ['quarantined', 1]);
  await resetProfile(bench.context, bench.actor, id);
  const status = await statusOf(id);
  assert.deepEqual([status.status, status.errorCount], ['paused', 0]);
  assert.match(status.statusMessage, /was reset/u);
  assert.notEqual(await generation(), before);
  assert.equal((await bench.latestRun(id))['state'], 'cancelled');
  await bench.upload(id, 'school.csv');
  const next = (await start(id)).runId;
  await bench.setRun(next, 'completed');
  assert.equal((await statusOf(id)).status, 'success');
});

test('reset and delete ask an executing run to stop; one whose worker is dead is cancelled', async () => {
  const { id, runId } = await started('Executing');
  await bench.setRun(runId, 'staging');
  await resetProfile(bench.context, bench.actor, id);
  assert.deepEqual(
    [(await bench.latestRun(id))['state'], (await bench.latestRun(id))['cancel_requested']],
    ['staging', true],
  );
  await deleteProfile(bench.context, bench.actor, id);
  assert.equal(await bench.finish(id), 'again');
  await assert.rejects(deleteProfile(bench.context, bench.actor, id), conflict(/is being deleted/u));
  await bench.rows(`update run set lease_expires_at = now() - interval '1 second' where id = $1`, runId);
  assert.equal(await bench.finish(id), 'done');
  const left = await bench.rows<{ state: string; key: Buffer | null }>(
    'select state, wrapped_key as key from upload where profile_id = $1',
    id,
  );
  assert.deepEqual(left, [{ state: 'erased', key: null }]);
  assert.equal((await bench.latestRun(id))['state'], 'cancelled');
  await assert.rejects(statusOf(id), { name: 'NotFoundError' });
});

test('an expired profile does not start, and its held run does not go on', async () => {
  const { id, runId } = await started('Expires');
  await bench.rows(`update profile set expiration_date = current_date - 1 where id = $1`, id);
  await bench.upload(id, 'school.csv');
  await assert.rejects(start(id), conflict(/expired on/u));
  await bench.setRun(runId, 'held', { errorCode: 'VerdictHeld' });
  await assert.rejects(resume(id), conflict(/expired on/u));
  assert.equal((await statusOf(id)).status, 'paused');
});

test('a pause of an expired profile ends; its suspended run waits until the date is moved and somebody resumes again', async () => {
  const { id, runId } = await started('Expires while paused');
  const expire = (expirationDate: string | null) =>
    updateProfile(bench.context, bench.actor, id, { definition: { expirationDate }, clientSecret: null });
  await pauseProfile(bench.context, bench.actor, id);
  await expire('2026-01-31');
  await assert.rejects(resume(id), conflict(/while its state is provisioning/u), 'it is checked anew first');
  await bench.finish(id);
  assert.match(
    (await statusOf(id)).statusMessage,
    /^Paused since .* It expired on 2026-01-31, too\. Resume/u,
  );
  await resume(id);
  assert.equal((await bench.latestRun(id))['state'], 'suspended');
  const status = await statusOf(id);
  assert.equal(status.status, 'paused');
  assert.equal(
    status.statusMessage,
    `The profile expired on 2026-01-31. Update its expirationDate to a later day to sync again. A run waits: resume the profile after that to let it go on, or drop it with rollbook cancel ${runId}.`,
  );
  await assert.rejects(resume(id), conflict(/expired on 2026-01-31.*then resume it/u));
  await expire('2100-01-01');
  await bench.finish(id);
  assert.equal((await bench.latestRun(id))['state'], 'suspended', 'nothing of last year goes on by itself');
  assert.match((await statusOf(id)).statusMessage, /^A run waits since .* Resume the profile/u);
  await resume(id);
  assert.equal((await bench.latestRun(id))['state'], 'queued');
});

test('another tenant finds nothing', async () => {
  const id = await bench.provisioned('Private');
  const stranger = { ...bench.actor, tenantId: bench.context.system.newId() };
  for (const command of [pauseProfile, resetProfile, deleteProfile, startProfile, openProfileUpload])
    await assert.rejects(command(bench.context, stranger, id), { name: 'NotFoundError' });
  await assert.rejects(getProfile(bench.context, stranger.tenantId, id), { name: 'NotFoundError' });
});
