import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';

import { openRosterFolder, type RosterFolder } from './roster-folder.ts';

test('a roster file that is a folder or a device is refused, a link to a file is taken', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollbook-folder-'));
  try {
    const file = join(folder, 'Student.csv');
    await mkdir(file);
    await assert.rejects(openRosterFolder(folder), /Student\.csv is not a file/);
    await rm(file, { recursive: true });
    if (process.platform !== 'win32') {
      await symlink('/dev/zero', file);
      await assert.rejects(openRosterFolder(folder), /Student\.csv is not a file/);
      await rm(file);
    }
    await writeFile(join(folder, 'other.txt'), 'x');
    await symlink(join(folder, 'other.txt'), file);
    assert.equal((await openRosterFolder(folder)).files[0]?.sizeBytes, 1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a zip is taken by its name or as the only one in its folder, and not beside other files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollbook-folder-'));
  const shown = ({ name, files }: RosterFolder): unknown => [name, files.map((file) => file.name)];
  try {
    const zip = join(folder, 'Export.Zip');
    await assert.rejects(openRosterFolder(zip), /does not exist/);
    await writeFile(zip, 'PK');
    assert.deepEqual(shown(await openRosterFolder(zip)), ['Export', ['Export.Zip']]);
    await writeFile(join(folder, 'manifest.json'), '{}');
    await writeFile(join(folder, 'notes.csv'), 'x');
    const opened = await openRosterFolder(folder);
    assert.deepEqual(shown(opened), [basename(folder), ['Export.Zip', 'manifest.json']]);
    assert.deepEqual(opened.leftOut, ['notes.csv']);

    await writeFile(join(folder, 'Student.csv'), 'x');
    await assert.rejects(openRosterFolder(folder), /has Export\.Zip, Student\.csv: leave either one zip/);
    await rm(join(folder, 'Student.csv'));
    await writeFile(join(folder, 'old.zip'), 'PK');
    await assert.rejects(openRosterFolder(folder), /has Export\.Zip, old\.zip: leave either one zip/);
    await mkdir(join(folder, 'folder.zip'));
    await assert.rejects(openRosterFolder(join(folder, 'folder.zip')), /has no roster files/);
    await assert.rejects(openRosterFolder(join(folder, 'notes.csv')), /is not a folder/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
