import assert from 'node:assert/strict';
import { mkdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';

import { inTenant } from '#storage/database.ts';
import { openUpload } from '#storage/uploads/open-upload.ts';
import { oneRosterManifest } from '#test/helpers/merge-files.ts';
import { QUIET_SECONDS, scheduleBench } from '#test/helpers/schedule-bench.ts';

const {
  bench,
  context,
  watched,
  state,
  newProfile,
  schedule,
  profileNow,
  look,
  triggers,
  scheduleRow,
  close,
} = await scheduleBench();
after(close);
beforeEach(newProfile);

const MANIFEST = oneRosterManifest('1.2', { users: 'delta', enrollments: 'delta', orgs: 'absent' });

async function lookTwice(): Promise<void> {
  const { now } = await profileNow();
  await look(now);
  await look(new Date(now.getTime() + QUIET_SECONDS * 1_000));
}

test('a folder with delta files is complete when the files of its manifest are there', async () => {
  const name = `delta ${state.count}`;
  const folder = join(watched, bench.tenantId, name);
  await mkdir(folder);
  await schedule({ watchedFolder: name });
  await writeFile(join(folder, 'Manifest.csv'), MANIFEST);
  await writeFile(join(folder, 'users.csv'), 'sourcedId\r\n');
  await lookTwice();
  assert.equal((await scheduleRow())['folder_note'], 'These files are missing: enrollments.csv.');
  await writeFile(join(folder, 'enrollments.csv'), 'sourcedId\r\n');
  await lookTwice();
  assert.deepEqual(await triggers(), ['folder']);
  const files = await bench.rows<{ name: string }>(
    'select f.name from upload_file f join upload u on u.id = f.upload_id where u.profile_id = $1 order by lower(f.name)',
    state.profileId,
  );
  assert.deepEqual(
    files.map((file) => file.name),
    ['enrollments.csv', 'Manifest.csv', 'users.csv'],
  );
  // Whole files are another set: all that the format requires.
  await writeFile(join(folder, 'Manifest.csv'), oneRosterManifest('1.2', { users: 'bulk' }));
  await unlink(join(folder, 'enrollments.csv'));
  await lookTwice();
  assert.match(String((await scheduleRow())['folder_note']), /^These files are missing: orgs\.csv, /u);
  assert.deepEqual(await triggers(), ['folder']);
});

test('an upload with delta files is complete when the files of its manifest are there', async () => {
  await schedule({ runOnUpload: true });
  await bench.upload(state.profileId, 'manifest.csv', 'users.csv');
  const upload = await inTenant(bench.db, bench.tenantId, (tx) =>
    openUpload(tx, state.profileId, () => {
      throw new Error('it is open');
    }),
  );
  const objectName = context.system.newId();
  // oxlint-disable-next-line typescript/require-await
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from(MANIFEST);
  };
  await context.files.write(objectName, bytes(), context.secretBox.open(upload.wrappedKey), {
    maxSizeBytes: 1_000,
  });
  await bench.rows(
    `update upload_file set object_name = $2 where upload_id = $1 and name = 'manifest.csv'`,
    upload.id,
    objectName,
  );
  const age = () =>
    bench.rows(
      `update upload_file set committed_at = now() - interval '10 minutes' where upload_id = $1`,
      upload.id,
    );
  await age();
  await look();
  assert.deepEqual(await triggers(), []);
  await bench.upload(state.profileId, 'enrollments.csv');
  await age();
  await look();
  assert.deepEqual(await triggers(), ['upload']);
});
