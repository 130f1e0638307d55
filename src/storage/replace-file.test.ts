import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { replaceFile } from './replace-file.ts';

test('replace: the new text and mode, or an error and nothing left beside', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollbook-replace-'));
  try {
    const file = join(folder, 'file');
    await replaceFile(file, 'old', 0o644);
    await replaceFile(file, 'new', 0o600);
    assert.equal(await readFile(file, 'utf8'), 'new');
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    await mkdir(join(folder, 'taken', 'inside'), { recursive: true });
    await assert.rejects(replaceFile(join(folder, 'taken'), 'x', 0o600));
    assert.deepEqual((await readdir(folder)).toSorted(), ['file', 'taken']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
