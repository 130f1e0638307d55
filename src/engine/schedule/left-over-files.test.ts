import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';

import { QUIET_SECONDS, scheduleBench } from '#test/helpers/schedule-bench.ts';
import { SDS_V1_NAMES } from '#test/helpers/sds-v1-names.ts';

import { lookAtProfile } from './look-at-profile.ts';

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

test('folder: files of an upload that nobody has started are not mixed with those of the folder', async () => {
  const name = `mixed ${state.count}`;
  const folder = join(watched, bench.tenantId, name);
  await mkdir(folder);
  await schedule({ watchedFolder: name });
  // An upload by hand that broke off, some time ago: it never was started.
  await bench.upload(state.profileId, 'user.csv', 'guardianrelationship.csv', 'student.csv');
  for (const file of SDS_V1_NAMES) await writeFile(join(folder, file), `SIS ID,Name\r\n1,${file}\r\n`);
  const written: string[] = [];
  const write = context.files.write.bind(context.files);
  context.files.write = (objectName, ...more) => {
    written.push(objectName);
    return write(objectName, ...more);
  };
  const { now } = await profileNow();
  await look(now);
  await look(new Date(now.getTime() + QUIET_SECONDS * 1_000));
  const files = await bench.rows<{ name: string }>(
    `select f.name from upload_file f join upload u on u.id = f.upload_id
      where u.profile_id = $1 and u.state = 'sealed' order by lower(f.name)`,
    state.profileId,
  );
  assert.ok(
    !files.some((file) => ['user.csv', 'guardianrelationship.csv'].includes(file.name)),
    files.map((file) => file.name).join(', '),
  );
  assert.deepEqual(await triggers(), []);
  assert.match(String((await scheduleRow())['folder_note']), /^Files were uploaded and not started \(/u);
  assert.deepEqual(written, [], 'what cannot be taken is not read, minute after minute');
  await bench.rows(`delete from upload_file where name <> 'student.csv'`);
  const later = new Date(now.getTime() + 3 * QUIET_SECONDS * 1_000);
  await look(later);
  await look(new Date(later.getTime() + QUIET_SECONDS * 1_000));
  assert.deepEqual(await triggers(), ['folder'], 'what the folder has too is replaced');
});

test('folder: files that somebody uploads while the folder is read are not mixed with its own', async () => {
  const name = `meanwhile ${state.count}`;
  const folder = join(watched, bench.tenantId, name);
  await mkdir(folder);
  await schedule({ watchedFolder: name });
  for (const file of SDS_V1_NAMES) await writeFile(join(folder, file), `SIS ID,Name\r\n1,${file}\r\n`);
  const objects = async (): Promise<number> => {
    let found = 0;
    for await (const _ of context.files.list()) found += 1;
    return found;
  };
  const objectsBefore = await objects();
  let uploaded = false;
  const write: typeof context.files.write = async (...input) => {
    if (!uploaded) await bench.upload(state.profileId, 'user.csv');
    uploaded = true;
    return context.files.write(...input);
  };
  const { now } = await profileNow();
  await look(now);
  const ready = { ...(await profileNow()), now: new Date(now.getTime() + QUIET_SECONDS * 1_000) };
  const errand = await lookAtProfile({ ...context, files: { ...context.files, write } }, ready);
  await errand?.(new AbortController().signal);
  assert.equal(uploaded, true);
  assert.deepEqual(await triggers(), []);
  assert.match(String((await scheduleRow())['folder_note']), /not started \(user\.csv\)/u);
  assert.equal(await objects(), objectsBefore, 'what was read is not kept');
});
