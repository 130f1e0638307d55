import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { openRosterFolder } from './roster-folder.ts';

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
