import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';

import { asOwner, inTenant } from '#storage/database.ts';
import { claimRun } from '#storage/runs/claim-run.ts';
import { findDueRuns } from '#storage/runs/due-runs.ts';
import { listScheduledProfiles } from '#storage/schedule/profile-schedule.ts';
import { scheduleBench } from '#test/helpers/schedule-bench.ts';

import { getProfileStatus } from '../profiles/read-profiles.ts';
import { pauseProfile } from '../profiles/pause-profile.ts';
import { getQuarantine } from '../profiles/quarantine-profile.ts';
import { getSchedule } from '../profiles/read-schedule.ts';
import { resumeProfile } from '../profiles/resume-profile.ts';
import { startProfile } from '../profiles/start-profile.ts';
import { updateProfile } from '../profiles/update-profile.ts';
import { SDS_V1_NAMES } from '#test/helpers/sds-v1-names.ts';

const DAY_MS = 86_400_000;

const { bench, state, newProfile, schedule, profileNow, look, runs, triggers, events, scheduleRow, close } =
  await scheduleBench();
after(close);
beforeEach(newProfile);

const claim = (runId: string) =>
  inTenant(bench.db, bench.tenantId, (tx) =>
    claimRun(tx, { runId, worker: 'test', leaseSeconds: 30, newId: bench.context.system.newId }),
  );
const dueRuns = async () => (await asOwner(bench.db, findDueRuns)).map(({ runId }) => runId);
const dateOf = (at: Date): string => at.toISOString().slice(0, 10);
/** Two days, so that a test that runs over midnight is still inside. */
const TODAY = { from: dateOf(new Date()), to: dateOf(new Date(Date.now() + DAY_MS)) };
const MIDNIGHT = new Date(Date.parse(`${TODAY.to}T00:00:00Z`) + DAY_MS);

test('a run in a blackout window waits, says why, and begins once the window is gone', async () => {
  await schedule({ timeZone: 'UTC', blackout: [TODAY] });
  await bench.upload(state.profileId, 'school.csv');
  const { runId } = await startProfile(bench.context, bench.actor, state.profileId);
  assert.equal(await claim(runId), 'nothingToDo');
  const run = await bench.latestRun(state.profileId);
  assert.deepEqual([run['state'], run['next_attempt_at']], ['queued', MIDNIGHT]);
  assert.ok(!(await dueRuns()).includes(runId), 'the sweep leaves it alone');
  const events = await bench.rows<{ event: string; detail: { because: string } }>(
    'select event, detail from run_event where run_id = $1 order by at, id',
    runId,
  );
  assert.deepEqual([events.at(-1)?.event, events.at(-1)?.detail.because], ['waits', 'blackout']);
  const status = await getProfileStatus(bench.context, bench.tenantId, state.profileId, false);
  assert.equal(status.status, 'inProgress');
  assert.equal(
    status.statusMessage,
    `A sync is queued and starts at ${MIDNIGHT.toISOString()}. A blackout window of the profile lasts until ${dateOf(MIDNIGHT)} 00:00 (UTC); no run begins in it.`,
  );
  const view = await getSchedule(bench.context, bench.tenantId, state.profileId);
  assert.deepEqual(view.waitsUntil, MIDNIGHT);

  await schedule(null);
  assert.equal(bench.wokenRuns.at(-1), runId);
  assert.ok((await dueRuns()).includes(runId));
  const claimed = await claim(runId);
  assert.ok(typeof claimed === 'object');
  assert.equal(claimed.addsOnly, false);
  assert.equal((await bench.latestRun(state.profileId))['message'], null);
});

test('not before: a change of the profile judges anew; a broken run waits as well', async () => {
  const notBefore = new Date(Date.now() + 10 * DAY_MS).toISOString();
  await schedule({ notBefore });
  await bench.upload(state.profileId, 'school.csv');
  const { runId } = await startProfile(bench.context, bench.actor, state.profileId);
  await claim(runId);
  const status = await getProfileStatus(bench.context, bench.tenantId, state.profileId, false);
  assert.match(
    status.statusMessage,
    /starts at .*\. The schedule of the profile lets no run begin before .* \(Europe\/Berlin\)\.$/u,
  );
  await updateProfile(bench.context, bench.actor, state.profileId, {
    definition: { displayName: 'Renamed' },
    clientSecret: null,
  });
  assert.ok((await dueRuns()).includes(runId));
  await bench.finish(state.profileId);

  await bench.setRun(runId, 'broken', { message: 'The disk is full.' });
  assert.equal(await claim(runId), 'nothingToDo');
  const run = await bench.latestRun(state.profileId);
  assert.deepEqual(
    [run['state'], run['next_attempt_at'], run['message']],
    ['broken', new Date(notBefore), 'The disk is full.'],
  );
  await schedule({ notBefore, addsOnly: [TODAY, { from: '00:00', to: '24:00' }] });
  assert.ok((await dueRuns()).includes(runId), 'what the schedule put off is judged anew');
  await schedule({ addsOnly: [TODAY, { from: '00:00', to: '24:00' }] });
  const claimed = await claim(runId);
  assert.ok(typeof claimed === 'object');
  assert.equal(claimed.addsOnly, true);
  assert.equal((await runs())[0]?.adds_only, true);
});

test('a run that executes when a blackout begins is taken over and goes on', async () => {
  await bench.upload(state.profileId, 'school.csv');
  const { runId } = await startProfile(bench.context, bench.actor, state.profileId);
  await claim(runId);
  await schedule({ timeZone: 'UTC', blackout: [TODAY] });
  await bench.rows(`update run set lease_expires_at = now() - interval '1 second' where id = $1`, runId);
  assert.ok(typeof (await claim(runId)) === 'object');
});

for (const wasIn of ['queued', 'broken'] as const)
  test(`a ${wasIn} run does not begin once the profile has expired; what executes, or went in in part, goes on`, async () => {
    await bench.upload(state.profileId, 'school.csv');
    const { runId } = await startProfile(bench.context, bench.actor, state.profileId);
    await bench.setRun(runId, wasIn);
    await bench.rows(`update profile set expiration_date = '2026-01-31' where id = $1`, state.profileId);
    assert.equal(await claim(runId), 'nothingToDo');
    assert.equal((await bench.latestRun(state.profileId))['state'], 'suspended');
    for (const executing of ['staging', 'applying'] as const) {
      await bench.setRun(runId, executing);
      await bench.rows('update run set lease_expires_at = now() where id = $1', runId);
      assert.ok(typeof (await claim(runId)) === 'object', executing);
    }
    for (const progress of ['applied_item_no = 5', 'applied_item_no = 0, apply_pass = 2']) {
      await bench.setRun(runId, wasIn);
      await bench.rows(`update run set planned_at = now(), ${progress} where id = $1`, runId);
      const claimed = await claim(runId);
      assert.equal(typeof claimed === 'object' && claimed.state, 'applying', progress);
    }
  });

test('cron: starts with the uploaded files, once, and says so when there are none', async () => {
  await schedule({ cron: '0 4 * * *', timeZone: 'UTC' });
  const at = (day: number, time: string): Date => new Date(`2040-01-0${day}T${time}:00Z`);
  await look(at(1, '03:00'));
  assert.deepEqual((await scheduleRow())['cron_due_at'], at(1, '04:00'));
  await look(at(1, '03:59'));
  await bench.upload(state.profileId, 'school.csv');
  await look(at(1, '04:00'));
  assert.deepEqual(await triggers(), ['cron']);
  assert.equal((await runs())[0]?.requested_by, 'rollbook');
  // The clock jumps back by half a day, files are there again, and the same time comes again.
  await bench.upload(state.profileId, 'school.csv');
  for (const time of ['01:00', '04:00', '12:00']) await look(at(1, time));
  assert.deepEqual(await triggers(), ['cron']);
  // The service was down for five days: caught up once.
  await look(at(7, '09:00'));
  await look(at(7, '09:01'));
  assert.deepEqual(await triggers(), ['cron', 'cron']);
  await look(at(8, '04:00'));
  await look(at(8, '04:01'));
  assert.deepEqual((await events()).filter((event) => event === 'scheduledWithoutFiles').length, 1);
  const view = await getSchedule(bench.context, bench.tenantId, state.profileId);
  assert.deepEqual([view.lastCronResult, view.nextCronAt], ['withoutFiles', at(9, '04:00')]);
});

test('cron: of many processes that look at the same time one starts; nobody starts a paused profile', async () => {
  await schedule({ cron: '@daily' });
  await look(new Date('2030-01-01T00:00:00Z'));
  await bench.upload(state.profileId, 'school.csv');
  const seen = await profileNow();
  const now = new Date('2030-01-03T00:00:00Z');
  await Promise.all(Array.from({ length: 6 }, () => look(now, seen)));
  assert.deepEqual(await triggers(), ['cron']);
  assert.ok(!(await events()).includes('scheduledWithoutFiles'), 'nobody else used the time up');
  await bench.upload(state.profileId, 'school.csv');
  const before = await profileNow();
  await bench.rows('update profile set paused_at = now() where id = $1', state.profileId);
  await look(new Date('2030-01-09T00:00:00Z'), before);
  assert.deepEqual(await triggers(), ['cron']);
});

test('cron: what a pause or an expired date lets pass is not caught up, the next time counts', async () => {
  await schedule({ cron: '0 4 * * *', timeZone: 'UTC' });
  const context = bench.context;
  const missed = async (): Promise<void> => {
    await look(new Date('2026-01-01T03:00:00Z'));
    await bench.upload(state.profileId, 'school.csv');
  };
  const expire = async (expirationDate: string): Promise<void> => {
    await updateProfile(context, bench.actor, state.profileId, {
      definition: { expirationDate },
      clientSecret: null,
    });
    await bench.finish(state.profileId);
  };
  await missed();
  await pauseProfile(context, bench.actor, state.profileId);
  await resumeProfile(context, bench.actor, state.profileId);
  await look();
  assert.deepEqual(await triggers(), []);
  const { nextCronAt } = await getSchedule(context, bench.tenantId, state.profileId);
  assert.ok(nextCronAt !== null && nextCronAt > new Date());
  await look(nextCronAt);
  assert.deepEqual(await triggers(), ['cron'], 'a time that is still to come stays');
  await bench.setRun(String((await bench.latestRun(state.profileId))['id']), 'completed');

  await bench.rows(
    'update profile_schedule set cron = null, cron_due_at = null where profile_id = $1',
    state.profileId,
  );
  await missed();
  await expire('2026-01-01');
  await look();
  await expire('2100-01-01');
  await look();
  assert.deepEqual(await triggers(), ['cron']);

  await pauseProfile(context, bench.actor, state.profileId);
  const due = (await scheduleRow())['cron_due_at'];
  await resumeProfile(context, bench.actor, state.profileId);
  assert.deepEqual((await scheduleRow())['cron_due_at'], due);
});

test('cron: in quarantine its time counts once a day', async () => {
  await schedule({ cron: '0 4 * * *', timeZone: 'UTC' });
  const at = (day: number, time: string): Date => new Date(`2040-01-0${day}T${time}:00Z`);
  await look(at(1, '03:00'));
  await bench.upload(state.profileId, 'school.csv');
  await look(at(1, '04:00'));
  const { nextAttemptAt } = await getQuarantine(bench.context, bench.tenantId, state.profileId);
  assert.equal(nextAttemptAt, null, 'outside of it nobody takes turns');
  const mayHaveTurn = (): Promise<unknown> =>
    bench.rows(
      `update profile set quarantined_at = now(), quarantine_reason = 'IngestionInterrupted', quarantine_next_attempt_at = now()
        where id = $1`,
      state.profileId,
    );
  await mayHaveTurn();
  await bench.upload(state.profileId, 'school.csv');
  await look(at(2, '04:00'));
  assert.deepEqual(await triggers(), ['cron', 'cron']);
  await bench.upload(state.profileId, 'school.csv');
  await look(at(3, '04:00'));
  assert.deepEqual(await triggers(), ['cron', 'cron'], 'it had its turn');
  await mayHaveTurn();
  await look(at(4, '04:00'));
  assert.deepEqual(await triggers(), ['cron', 'cron', 'cron']);
});

test('cron: until the day before the expiration date', async () => {
  await schedule({ cron: '0 4 * * *', timeZone: 'UTC' });
  const expireIn = (days: number): Promise<unknown> =>
    bench.rows(
      `update profile p set expiration_date = (now() at time zone t.time_zone)::date + $2::integer from tenant t
        where t.id = p.tenant_id and p.id = $1`,
      state.profileId,
      days,
    );
  await bench.upload(state.profileId, 'school.csv');
  await look(new Date('2040-01-01T03:00:00Z'));
  await expireIn(0);
  await look(new Date('2040-01-01T04:00:00Z'));
  assert.deepEqual(await triggers(), []);
  await expireIn(1);
  await look(new Date('2040-01-02T04:00:00Z'));
  assert.deepEqual(await triggers(), ['cron']);
});

test('on upload: all six files, and a minute without another', async () => {
  await schedule({ runOnUpload: true });
  await bench.upload(state.profileId, ...SDS_V1_NAMES.slice(1), 'notes.txt');
  const age = (seconds: number) =>
    bench.rows(
      `update upload_file set committed_at = now() - make_interval(secs => $2) where upload_id =
        (select id from upload where profile_id = $1 and state = 'open')`,
      state.profileId,
      seconds,
    );
  await age(600);
  await look();
  assert.deepEqual(await triggers(), []);
  await bench.upload(state.profileId, 'SCHOOL.csv');
  await look();
  assert.deepEqual(await triggers(), [], 'the last one came just now');
  await age(61);
  await bench.rows(
    `insert into upload_block (tenant_id, upload_id, name, block_id, object_name, size_bytes)
     select tenant_id, id, 'student.csv', 'AAAA', gen_random_uuid(), 1 from upload where profile_id = $1 and state = 'open'`,
    state.profileId,
  );
  await look();
  assert.deepEqual(await triggers(), [], 'a block just came: another file is under way');
  await bench.rows(
    'delete from upload_block where upload_id in (select id from upload where profile_id = $1)',
    state.profileId,
  );
  const seen = await profileNow();
  await Promise.all([look(undefined, seen), look(undefined, seen), look(undefined, seen)]);
  assert.deepEqual(await triggers(), ['upload']);
});

test('on upload: a zip is complete by itself', async () => {
  await schedule({ runOnUpload: true });
  await bench.upload(state.profileId, 'Roster.ZIP');
  await look();
  assert.deepEqual(await triggers(), [], 'it came just now');
  await bench.rows(
    `update upload_file set committed_at = now() - interval '61 seconds' where upload_id =
      (select id from upload where profile_id = $1 and state = 'open')`,
    state.profileId,
  );
  await look();
  assert.deepEqual(await triggers(), ['upload']);
});

test('expiration is noticed once, and again when the date was moved and came', async () => {
  const expire = (expirationDate: string | null) =>
    bench.rows('update profile set expiration_date = $2 where id = $1', state.profileId, expirationDate);
  const seenExpired = async () => (await events()).filter((event) => event === 'expired').length;
  await expire('2026-01-01');
  const seen = await profileNow();
  await Promise.all([look(undefined, seen), look(undefined, seen)]);
  assert.equal(await seenExpired(), 1);
  assert.ok(
    !(await asOwner(bench.db, listScheduledProfiles)).some(
      (profile) => profile.profileId === state.profileId,
    ),
  );
  await expire('2100-01-01');
  await look();
  assert.equal((await scheduleRow())['expired_on'], null);
  await expire('2026-02-01');
  await look();
  assert.equal(await seenExpired(), 2);
});

test('an expiration that was put off since the look is none', async () => {
  const expire = (expirationDate: string) =>
    bench.rows('update profile set expiration_date = $2 where id = $1', state.profileId, expirationDate);
  await expire('2026-01-01');
  const seen = await profileNow();
  await expire('2100-01-01');
  await look(undefined, seen);
  assert.ok(!(await events()).includes('expired'));
  assert.deepEqual(await bench.rows('select event from notice where profile_id = $1', state.profileId), []);
});

test('a run that waits for the end of a blackout does not wait for it once the profile has expired', async () => {
  await schedule({ timeZone: 'UTC', blackout: [TODAY] });
  await bench.upload(state.profileId, 'school.csv');
  const { runId } = await startProfile(bench.context, bench.actor, state.profileId);
  await claim(runId);
  await bench.rows(`update profile set expiration_date = '2026-01-01' where id = $1`, state.profileId);
  await look();
  assert.equal(bench.wokenRuns.at(-1), runId);
  assert.equal(await claim(runId), 'nothingToDo');
  assert.equal((await bench.latestRun(state.profileId))['state'], 'suspended');
});

test('a look at a profile for which there is nothing to do takes no connection: there may be thousands of them', async () => {
  await schedule({ timeZone: 'UTC', cron: '0 3 1 1 *', runOnUpload: true });
  await look();
  const profile = await profileNow();
  let connections = 0;
  const count = (): void => void (connections += 1);
  for (const pool of [bench.db.app, bench.db.reader, bench.db.owner]) pool.on('acquire', count);
  await look(undefined, profile);
  assert.equal(connections, 0);
  await bench.upload(state.profileId, 'school.csv');
  const withFiles = await profileNow();
  assert.equal(withFiles.hasFiles, true);
  connections = 0;
  await look(undefined, withFiles);
  assert.ok(connections > 0, 'where files have come it does');
  for (const pool of [bench.db.app, bench.db.reader, bench.db.owner]) pool.off('acquire', count);
});
