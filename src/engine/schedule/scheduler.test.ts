import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { DEFAULT_UPLOAD_LIMITS } from '#core/upload/upload-limits.ts';
import { openLocalFileStore } from '#files/local-file-store.ts';
import { must } from '#lib/assert.ts';
import { asOwner, inTenant } from '#storage/database.ts';
import { claimRun } from '#storage/runs/claim-run.ts';
import { findDueRuns } from '#storage/runs/due-runs.ts';
import { listScheduledProfiles, type ScheduledProfile } from '#storage/schedule/profile-schedule.ts';
import { profileBench, type ProfileBench } from '#test/helpers/profile-commands.ts';

import { patchProfileSettings } from '../profiles/profile-settings.ts';
import { getProfileStatus } from '../profiles/read-profiles.ts';
import { getSchedule } from '../profiles/read-schedule.ts';
import { resetProfile } from '../profiles/reset-profile.ts';
import { startProfile } from '../profiles/start-profile.ts';
import { updateProfile } from '../profiles/update-profile.ts';
import { lookAtProfile, ROSTER_FILES } from './look-at-profile.ts';
import type { ScheduleContext } from './schedule-context.ts';

const QUIET_SECONDS = 60;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let bench: ProfileBench;
let context: ScheduleContext;
let watched: string;
let home: string;
before(async () => {
  bench = await profileBench();
  home = await mkdtemp(join(tmpdir(), 'rollbook-watch-'));
  watched = join(home, 'watched');
  await mkdir(join(watched, bench.tenantId), { recursive: true });
  const files = openLocalFileStore({ directory: join(home, 'uploads') });
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  Object.assign(bench.context, { watchDirectory: watched });
  context = {
    ...bench.context,
    files,
    log,
    watchDirectory: watched,
    uploadQuietSeconds: QUIET_SECONDS,
    uploadLimits: DEFAULT_UPLOAD_LIMITS,
    removeObjects: async (names) => {
      for (const name of names) await files.remove(name);
    },
  };
});
after(async () => {
  await bench.close();
  await rm(home, { recursive: true });
});

let count = 0;
let profileId: string;
beforeEach(async () => {
  profileId = await bench.provisioned(`Scheduled ${(count += 1)}`);
});

const schedule = (wanted: unknown) =>
  patchProfileSettings(bench.context, bench.actor, profileId, { schedule: wanted });

async function profileNow(): Promise<ScheduledProfile> {
  const profiles = await asOwner(bench.db, listScheduledProfiles);
  return must(profiles.find((profile) => profile.profileId === profileId));
}

/** One look of the scheduler, errands included, at a time of our choosing. */
async function look(now?: Date, seen?: ScheduledProfile): Promise<void> {
  const profile = seen ?? (await profileNow());
  const errand = await lookAtProfile(context, { ...profile, now: now ?? profile.now });
  await errand?.(new AbortController().signal);
}

const runs = () =>
  bench.rows<{ id: string; state: string; trigger: string; requested_by: string; adds_only: boolean }>(
    'select * from run where profile_id = $1 order by created_at',
    profileId,
  );
const triggers = async () => (await runs()).map((run) => run.trigger);
const events = async () =>
  (
    await bench.rows<{ event: string }>(
      'select event from profile_event where profile_id = $1 order by at, id',
      profileId,
    )
  ).map(({ event }) => event);
const scheduleRow = async () =>
  must(
    (
      await bench.rows<Record<string, unknown>>(
        'select * from profile_schedule where profile_id = $1',
        profileId,
      )
    )[0],
  );
const noteNow = async () => (await scheduleRow())['folder_note'];
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
  await bench.upload(profileId, 'school.csv');
  const { runId } = await startProfile(bench.context, bench.actor, profileId);
  assert.equal(await claim(runId), 'nothingToDo');
  const run = await bench.latestRun(profileId);
  assert.deepEqual([run['state'], run['next_attempt_at']], ['queued', MIDNIGHT]);
  assert.ok(!(await dueRuns()).includes(runId), 'the sweep leaves it alone');
  const events = await bench.rows<{ event: string; detail: { because: string } }>(
    'select event, detail from run_event where run_id = $1 order by at, id',
    runId,
  );
  assert.deepEqual([events.at(-1)?.event, events.at(-1)?.detail.because], ['waits', 'blackout']);
  const status = await getProfileStatus(bench.context, bench.tenantId, profileId, false);
  assert.equal(status.status, 'inProgress');
  assert.equal(
    status.statusMessage,
    `A sync is queued and starts at ${MIDNIGHT.toISOString()}. A blackout window of the profile lasts until ${dateOf(MIDNIGHT)} 00:00 (UTC); no run begins in it.`,
  );
  const view = await getSchedule(bench.context, bench.tenantId, profileId);
  assert.deepEqual(view.waitsUntil, MIDNIGHT);

  await schedule(null);
  assert.equal(bench.wokenRuns.at(-1), runId);
  assert.ok((await dueRuns()).includes(runId));
  const claimed = await claim(runId);
  assert.ok(typeof claimed === 'object');
  assert.equal(claimed.addsOnly, false);
  assert.equal((await bench.latestRun(profileId))['message'], null);
});

test('not before: a change of the profile judges anew; a broken run waits as well', async () => {
  const notBefore = new Date(Date.now() + 10 * DAY_MS).toISOString();
  await schedule({ notBefore });
  await bench.upload(profileId, 'school.csv');
  const { runId } = await startProfile(bench.context, bench.actor, profileId);
  await claim(runId);
  const status = await getProfileStatus(bench.context, bench.tenantId, profileId, false);
  assert.match(
    status.statusMessage,
    /starts at .*\. The schedule of the profile lets no run begin before .* \(Europe\/Berlin\)\.$/u,
  );
  await updateProfile(bench.context, bench.actor, profileId, {
    definition: { displayName: 'Renamed' },
    clientSecret: null,
  });
  assert.ok((await dueRuns()).includes(runId));
  await bench.finish(profileId);

  await bench.setRun(runId, 'broken', { message: 'The disk is full.' });
  assert.equal(await claim(runId), 'nothingToDo');
  const run = await bench.latestRun(profileId);
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
  await bench.upload(profileId, 'school.csv');
  const { runId } = await startProfile(bench.context, bench.actor, profileId);
  await claim(runId);
  await schedule({ timeZone: 'UTC', blackout: [TODAY] });
  await bench.rows(`update run set lease_expires_at = now() - interval '1 second' where id = $1`, runId);
  assert.ok(typeof (await claim(runId)) === 'object');
});

test('cron: starts with the uploaded files, once, and says so when there are none', async () => {
  await schedule({ cron: '0 4 * * *', timeZone: 'UTC' });
  const at = (day: number, time: string): Date => new Date(`2040-01-0${day}T${time}:00Z`);
  await look(at(1, '03:00'));
  assert.deepEqual((await scheduleRow())['cron_due_at'], at(1, '04:00'));
  await look(at(1, '03:59'));
  await bench.upload(profileId, 'school.csv');
  await look(at(1, '04:00'));
  assert.deepEqual(await triggers(), ['cron']);
  assert.equal((await runs())[0]?.requested_by, 'rollbook');
  // The clock jumps back by half a day, files are there again, and the same time comes again.
  await bench.upload(profileId, 'school.csv');
  for (const time of ['01:00', '04:00', '12:00']) await look(at(1, time));
  assert.deepEqual(await triggers(), ['cron']);
  // The service was down for five days: caught up once.
  await look(at(7, '09:00'));
  await look(at(7, '09:01'));
  assert.deepEqual(await triggers(), ['cron', 'cron']);
  await look(at(8, '04:00'));
  await look(at(8, '04:01'));
  assert.deepEqual((await events()).filter((event) => event === 'scheduledWithoutFiles').length, 1);
  const view = await getSchedule(bench.context, bench.tenantId, profileId);
  assert.deepEqual([view.lastCronResult, view.nextCronAt], ['withoutFiles', at(9, '04:00')]);
});

test('cron: of many processes that look at the same time one starts; nobody starts a paused profile', async () => {
  await schedule({ cron: '@daily' });
  await look(new Date('2030-01-01T00:00:00Z'));
  await bench.upload(profileId, 'school.csv');
  const seen = await profileNow();
  const now = new Date('2030-01-03T00:00:00Z');
  await Promise.all(Array.from({ length: 6 }, () => look(now, seen)));
  assert.deepEqual(await triggers(), ['cron']);
  assert.ok(!(await events()).includes('scheduledWithoutFiles'), 'nobody else used the time up');
  await bench.upload(profileId, 'school.csv');
  const before = await profileNow();
  await bench.rows('update profile set paused_at = now() where id = $1', profileId);
  await look(new Date('2030-01-09T00:00:00Z'), before);
  assert.deepEqual(await triggers(), ['cron']);
});

test('on upload: all six files, and a minute without another', async () => {
  await schedule({ runOnUpload: true });
  await bench.upload(profileId, ...ROSTER_FILES.slice(1), 'notes.txt');
  const age = (seconds: number) =>
    bench.rows(
      `update upload_file set committed_at = now() - make_interval(secs => $2) where upload_id =
        (select id from upload where profile_id = $1 and state = 'open')`,
      profileId,
      seconds,
    );
  await age(600);
  await look();
  assert.deepEqual(await triggers(), []);
  await bench.upload(profileId, 'SCHOOL.csv');
  await look();
  assert.deepEqual(await triggers(), [], 'the last one came just now');
  await age(61);
  await bench.rows(
    `insert into upload_block (tenant_id, upload_id, name, block_id, object_name, size_bytes)
     select tenant_id, id, 'student.csv', 'AAAA', gen_random_uuid(), 1 from upload where profile_id = $1 and state = 'open'`,
    profileId,
  );
  await look();
  assert.deepEqual(await triggers(), [], 'a block just came: another file is under way');
  await bench.rows(
    'delete from upload_block where upload_id in (select id from upload where profile_id = $1)',
    profileId,
  );
  const seen = await profileNow();
  await Promise.all([look(undefined, seen), look(undefined, seen), look(undefined, seen)]);
  assert.deepEqual(await triggers(), ['upload']);
});

test('expiration is noticed once, and again when the date was moved and came', async () => {
  const expire = (expirationDate: string | null) =>
    bench.rows('update profile set expiration_date = $2 where id = $1', profileId, expirationDate);
  const seenExpired = async () => (await events()).filter((event) => event === 'expired').length;
  await expire('2026-01-01');
  const seen = await profileNow();
  await Promise.all([look(undefined, seen), look(undefined, seen)]);
  assert.equal(await seenExpired(), 1);
  assert.ok(
    !(await asOwner(bench.db, listScheduledProfiles)).some((profile) => profile.profileId === profileId),
  );
  await expire('2100-01-01');
  await look();
  assert.equal((await scheduleRow())['expired_on'], null);
  await expire('2026-02-01');
  await look();
  assert.equal(await seenExpired(), 2);
});

// From here on: the watched folder.

let folder: string;
async function watch(more: Record<string, unknown> = {}): Promise<void> {
  const name = `drop ${count}`;
  folder = join(watched, bench.tenantId, name);
  await mkdir(folder);
  await schedule({ watchedFolder: name, ...more });
}
async function drop(content = 'SIS ID,Name\r\n1,One\r\n'): Promise<void> {
  for (const name of ROSTER_FILES) await writeFile(join(folder, name), content);
}
/** Looks, and again when the quiet time is over. */
async function lookTwice(): Promise<void> {
  const { now } = await profileNow();
  await look(now);
  await look(new Date(now.getTime() + QUIET_SECONDS * 1_000));
}

test('folder: six files that rest for a minute are uploaded and started, once; the originals stay', async () => {
  await watch();
  await look();
  assert.equal(await noteNow(), 'The folder holds no files yet.');
  await drop();
  await rename(join(folder, 'school.csv'), join(folder, 'School.CSV'));
  await writeFile(join(folder, 'notes.txt'), 'x');
  await unlink(join(folder, 'teacher.csv'));
  await look();
  assert.equal(await noteNow(), 'These files are missing: teacher.csv.');
  await writeFile(join(folder, 'teacher.csv'), 'SIS ID\r\n');
  const { now } = await profileNow();
  await look(now);
  assert.match(String(await noteNow()), /complete; they are taken once nothing has changed for 60 seconds/u);
  await look(new Date(now.getTime() + 59_000));
  assert.deepEqual(await triggers(), []);
  await look(new Date(now.getTime() + 60_000));
  assert.deepEqual(await triggers(), ['folder']);
  const files = await bench.rows<{ name: string; size_bytes: string; sealed: boolean }>(
    `select f.name, f.size_bytes, u.state = 'sealed' as sealed from upload_file f join upload u on u.id = f.upload_id
      where u.profile_id = $1 order by lower(name)`,
    profileId,
  );
  assert.equal(files.length, 6);
  assert.deepEqual(
    [files[0]?.name, files[0]?.sealed, Number(files[0]?.size_bytes)],
    ['School.CSV', true, 20],
  );
  await lookTwice();
  await lookTwice();
  assert.deepEqual(await triggers(), ['folder'], 'the same files are not taken twice');
  assert.equal(
    await noteNow(),
    'These files were taken already; other ones are waited for. Ignored: notes.txt.',
  );
  await resetProfile(bench.context, bench.actor, profileId);
  await lookTwice();
  assert.deepEqual(await triggers(), ['folder', 'folder'], 'after a reset they are');
  await writeFile(join(folder, 'School.CSV'), 'SIS ID,Name\r\n1,Two\r\n');
  await lookTwice();
  assert.deepEqual(await triggers(), ['folder', 'folder', 'folder']);
});

test('folder: what is still being written is waited for', async () => {
  await watch();
  await drop();
  await writeFile(join(folder, 'student.csv.filepart'), '');
  await lookTwice();
  assert.equal(await noteNow(), 'Still being written: the folder holds student.csv.filepart.');
  await rm(join(folder, 'student.csv.filepart'));
  const { now } = await profileNow();
  await look(now);
  await truncate(join(folder, 'student.csv'), 3);
  await look(new Date(now.getTime() + MINUTE_MS));
  assert.deepEqual(await triggers(), [], 'a file changed in between');
  // The clock is set back by an hour: the quiet time begins anew and does not last for an hour.
  await look(new Date(now.getTime() - 60 * MINUTE_MS));
  await look(new Date(now.getTime() - 59 * MINUTE_MS));
  assert.deepEqual(await triggers(), ['folder']);
});

test('folder: files that change, vanish or are exchanged while they are read leave nothing behind', async () => {
  await watch();
  await drop();
  const objects = async (): Promise<number> => {
    let found = 0;
    for await (const _ of context.files.list()) found += 1;
    return found;
  };
  const objectsBefore = await objects();
  const inBetween: [string, () => Promise<void>, RegExp][] = [
    [
      'grows',
      () => writeFile(join(folder, 'teacher.csv'), 'more', { flag: 'a' }),
      /teacher\.csv changed while it was read/u,
    ],
    ['vanishes', () => unlink(join(folder, 'teacher.csv')), /does not exist/u],
    ['is touched', () => utimes(join(folder, 'school.csv'), 1, 1), /school\.csv changed while/u],
    [
      'becomes a link',
      async () => {
        await unlink(join(folder, 'teacher.csv'));
        await symlink('/etc/passwd', join(folder, 'teacher.csv'));
      },
      /links are not followed/u,
    ],
  ];
  for (const [name, change, note] of inBetween) {
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await drop(`${name}\r\n`);
    const { now } = await profileNow();
    await look(now);
    const ready = await profileNow();
    const errand = must(await lookAtProfile(context, { ...ready, now: new Date(now.getTime() + MINUTE_MS) }));
    await change();
    await errand(new AbortController().signal);
    assert.deepEqual(await triggers(), [], name);
    assert.match(String(await noteNow()), note, name);
    assert.equal(await objects(), objectsBefore, name);
  }
  // A file that was read already is exchanged: each was whole, but they do not belong together.
  await rm(folder, { recursive: true });
  await mkdir(folder);
  await drop();
  const { now } = await profileNow();
  await look(now);
  let written = 0;
  const write: typeof context.files.write = async (...input) => {
    const result = await context.files.write(...input);
    if ((written += 1) === 2) {
      await writeFile(join(folder, 'school.new'), 'SIS ID\r\n');
      await rename(join(folder, 'school.new'), join(folder, ROSTER_FILES[0] ?? ''));
    }
    return result;
  };
  const mixing = { ...context, files: { ...context.files, write } };
  const ready = await profileNow();
  const errand = must(await lookAtProfile(mixing, { ...ready, now: new Date(now.getTime() + MINUTE_MS) }));
  await errand(new AbortController().signal);
  assert.deepEqual(await triggers(), []);
  assert.match(String(await noteNow()), /The files changed while they were read/u);
  assert.equal(await objects(), objectsBefore);
  await rm(folder, { recursive: true });
  await mkdir(folder);
  await drop();
  await lookTwice();
  assert.deepEqual(await triggers(), ['folder'], 'and in the end it is taken');
});

test('folder: of several processes one takes it; a crash before the end loses nothing', async () => {
  await watch();
  await drop();
  const { now } = await profileNow();
  await look(now);
  const ready = await profileNow();
  const later = new Date(now.getTime() + MINUTE_MS);
  // This one dies while it reads: its objects have no name yet.
  const dying = must(await lookAtProfile(context, { ...ready, now: later }));
  const signal = AbortSignal.abort(new Error('killed'));
  await assert.rejects(dying(signal), /killed/u);
  assert.deepEqual(await triggers(), []);
  const again = await profileNow();
  const much = new Date(later.getTime() + 2 * MINUTE_MS);
  await Promise.all(Array.from({ length: 4 }, () => look(much, again)));
  assert.deepEqual(await triggers(), ['folder']);
});

test('folder: with a cron line it is taken at that time, late rather than half', async () => {
  await watch({ cron: '0 4 * * *', timeZone: 'UTC' });
  const at = (time: string): Date => new Date(`2040-05-01T${time}:00Z`);
  await look(at('02:00'));
  await drop();
  await look(at('03:00'));
  await look(at('03:30'));
  assert.match(String(await noteNow()), /taken at the next scheduled time/u);
  assert.deepEqual(await triggers(), []);
  await writeFile(join(folder, 'school.csv.tmp'), '');
  await look(at('04:00'));
  await unlink(join(folder, 'school.csv.tmp'));
  await look(at('04:05'));
  assert.deepEqual(await triggers(), [], 'the folder was still being written');
  await look(at('04:07'));
  assert.deepEqual(await triggers(), ['cron']);
  assert.deepEqual((await scheduleRow())['cron_due_at'], new Date('2040-05-02T04:00:00Z'));
  await look(new Date('2040-05-02T04:00:00Z'));
  assert.deepEqual(await triggers(), ['cron']);
  assert.ok((await events()).includes('scheduledWithoutFiles'), 'nothing new was there');
});

test('folder: links that lead out, another tenant’s folder and absent ones are not read', async () => {
  await watch();
  const other = join(watched, bench.context.system.newId());
  await mkdir(other);
  folder = other;
  await drop();
  const link = async (name: string, target: string): Promise<unknown> => {
    await symlink(target, join(watched, bench.tenantId, name)).catch(() => undefined);
    await schedule({ watchedFolder: name });
    await lookTwice();
    return noteNow();
  };
  const outside = /link that leads out of the folder of the tenant/u;
  assert.match(String(await link('out', home)), outside);
  assert.match(String(await link('neighbour', `../${other.split('/').at(-1)}`)), outside);
  assert.match(String(await link('up', '..')), outside);
  await mkdir(join(watched, bench.tenantId, 'deep'), { recursive: true });
  assert.match(String(await link('deep/out', other)), outside);
  assert.match(String(await link('absent', '/nowhere')), /does not exist/u);
  await writeFile(join(watched, bench.tenantId, 'file'), '');
  assert.match(String(await link('file', '.')), /is no folder/u);
  assert.deepEqual(await triggers(), []);
  // A link that stays inside is fine; a file that is a link is not.
  folder = join(watched, bench.tenantId, 'real');
  await mkdir(folder);
  await drop();
  await unlink(join(folder, 'school.csv'));
  await symlink(join(folder, 'section.csv'), join(folder, 'school.csv'));
  assert.match(
    String(await link('inside', 'real')),
    /school\.csv is no regular file; links are not followed/u,
  );
  await unlink(join(folder, 'school.csv'));
  await writeFile(join(folder, 'school.csv'), 'SIS ID\r\n');
  await link('inside', 'real');
  assert.deepEqual(await triggers(), ['folder']);
});

test('folder: refused by name, and without WATCH_DIR', async () => {
  for (const watchedFolder of ['../x', '/x', 'a/../../b', '..', 'a\\b', `../${bench.tenantId}/x`])
    await assert.rejects(schedule({ watchedFolder }), {
      name: 'InvalidRequestError',
      target: 'schedule.watchedFolder',
    });
  const without = { ...bench.context, watchDirectory: undefined };
  await assert.rejects(
    patchProfileSettings(without, bench.actor, profileId, { schedule: { watchedFolder: 'x' } }),
    /watches no folders: its setting WATCH_DIR is not set/u,
  );
});
