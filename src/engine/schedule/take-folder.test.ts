import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';

import { must } from '#lib/assert.ts';
import { QUIET_SECONDS, scheduleBench } from '#test/helpers/schedule-bench.ts';

import { patchProfileSettings } from '../profiles/profile-settings.ts';
import { resetProfile } from '../profiles/reset-profile.ts';
import { SDS_V1_NAMES } from '#test/helpers/sds-v1-names.ts';
import { lookAtProfile } from './look-at-profile.ts';

const MINUTE_MS = 60_000;

const {
  bench,
  context,
  watched,
  home,
  state,
  newProfile,
  schedule,
  profileNow,
  look,
  triggers,
  events,
  scheduleRow,
  close,
} = await scheduleBench();
after(close);
beforeEach(newProfile);

const noteNow = async (): Promise<unknown> => (await scheduleRow())['folder_note'];

let folder: string;
async function watch(more: Record<string, unknown> = {}): Promise<void> {
  const name = `drop ${state.count}`;
  folder = join(watched, bench.tenantId, name);
  await mkdir(folder);
  await schedule({ watchedFolder: name, ...more });
}
async function drop(content = 'SIS ID,Name\r\n1,One\r\n'): Promise<void> {
  for (const name of SDS_V1_NAMES) await writeFile(join(folder, name), content);
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
    state.profileId,
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
  await resetProfile(bench.context, bench.actor, state.profileId);
  await lookTwice();
  assert.deepEqual(await triggers(), ['folder', 'folder'], 'after a reset they are');
  await writeFile(join(folder, 'School.CSV'), 'SIS ID,Name\r\n1,Two\r\n');
  await lookTwice();
  assert.deepEqual(await triggers(), ['folder', 'folder', 'folder']);
});

test('folder: a single zip is the roster, whatever its name; with other files beside it nobody knows', async () => {
  await watch();
  await writeFile(join(folder, 'Export 2026-11.ZIP'), 'PK');
  await drop();
  await lookTwice();
  assert.match(
    String(await noteNow()),
    /^The folder holds Export 2026-11\.ZIP, .* and 2 more: leave either one zip or the files themselves\.$/u,
  );
  for (const name of SDS_V1_NAMES) await unlink(join(folder, name));
  await writeFile(join(folder, 'old.zip'), 'PK');
  await lookTwice();
  assert.match(String(await noteNow()), /holds Export 2026-11\.ZIP, old\.zip: leave either one zip/u);
  assert.deepEqual(await triggers(), []);
  await unlink(join(folder, 'old.zip'));
  await lookTwice();
  assert.deepEqual(await triggers(), ['folder']);
  assert.deepEqual(
    await bench.rows(
      'select f.name from upload_file f join upload u on u.id = f.upload_id where u.profile_id = $1',
      state.profileId,
    ),
    [{ name: 'Export 2026-11.ZIP' }],
  );
  await lookTwice();
  assert.deepEqual(await triggers(), ['folder'], 'the same zip is not taken twice');
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
      await rename(join(folder, 'school.new'), join(folder, SDS_V1_NAMES[0] ?? ''));
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

test('folder: with a cron line, one that is not ready within an hour is waited for no longer', async () => {
  await watch({ cron: '0 4 * * *', timeZone: 'UTC' });
  const at = (time: string): Date => new Date(`2040-05-01T${time}:00Z`);
  await look(at('03:00'));
  await drop();
  await writeFile(join(folder, 'school.csv.tmp'), '');
  const isTold = async (): Promise<boolean> => (await events()).includes('scheduledWithoutFiles');
  await look(at('04:00'));
  await look(at('04:59'));
  assert.equal(await isTold(), false);
  await look(at('05:00'));
  assert.equal(await isTold(), true);
  assert.deepEqual((await scheduleRow())['cron_due_at'], new Date('2040-05-02T04:00:00Z'));
  assert.deepEqual(await triggers(), []);
});

test('folder: in quarantine it is taken once a day', async () => {
  await watch();
  await drop();
  const mayHaveTurn = (): Promise<unknown> =>
    bench.rows(
      `update profile set quarantined_at = now(), quarantine_reason = 'IngestionInterrupted', quarantine_next_attempt_at = now()
        where id = $1`,
      state.profileId,
    );
  await mayHaveTurn();
  await lookTwice();
  assert.deepEqual(await triggers(), ['folder']);
  await drop('SIS ID,Name\r\n1,Two\r\n');
  await lookTwice();
  assert.deepEqual(await triggers(), ['folder'], 'it had its turn');
  await mayHaveTurn();
  await lookTwice();
  assert.deepEqual(await triggers(), ['folder', 'folder']);
  // Its turn comes, and a retry of what is in escrow takes it first.
  await drop('SIS ID,Name\r\n1,Three\r\n');
  await mayHaveTurn();
  const { now } = await profileNow();
  await look(now);
  const ready = { ...(await profileNow()), now: new Date(now.getTime() + MINUTE_MS) };
  const errand = must(await lookAtProfile(context, ready));
  await bench.rows(
    `update profile set quarantine_next_attempt_at = now() + interval '1 day' where id = $1`,
    state.profileId,
  );
  await errand(new AbortController().signal);
  assert.deepEqual(await triggers(), ['folder', 'folder']);
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

test('folder and cron of a profile that this version does not run: nothing is read, tried or told, at every look', async () => {
  await watch({ cron: '0 4 * * *', timeZone: 'UTC' });
  await drop();
  await bench.rows(
    `update profile set data_provider = data_provider || '{"type": "powerSchool"}' where id = $1`,
    state.profileId,
  );
  const warnings: string[] = [];
  const log = { ...context.log, warn: (_fields: object, message: string) => void warnings.push(message) };
  for (const day of [1, 2, 3, 4])
    for (const time of ['03:59', '04:00', '04:02', '05:30']) {
      const profile = { ...(await profileNow()), now: new Date(`2040-01-0${day}T${time}:00Z`) };
      const errand = await lookAtProfile({ ...context, log }, profile);
      await errand?.(new AbortController().signal);
    }
  assert.deepEqual(warnings, []);
  assert.deepEqual(await triggers(), []);
  assert.ok(!(await events()).includes('scheduledWithoutFiles'));
});

test('folder: refused by name, and without WATCH_DIR', async () => {
  for (const watchedFolder of ['../x', '/x', 'a/../../b', '..', 'a\\b', `../${bench.tenantId}/x`])
    await assert.rejects(schedule({ watchedFolder }), {
      name: 'InvalidRequestError',
      target: 'schedule.watchedFolder',
    });
  const without = { ...bench.context, watchDirectory: undefined };
  await assert.rejects(
    patchProfileSettings(without, bench.actor, state.profileId, { schedule: { watchedFolder: 'x' } }),
    /watches no folders: its setting WATCH_DIR is not set/u,
  );
});
