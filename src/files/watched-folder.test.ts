import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { must } from '#lib/assert.ts';
import { fingerprintOf, openWatchedFolder, type WatchedFolder } from './watched-folder.ts';

const TENANT = '0198e000-0000-7000-8000-00000000000a';
let root: string;
let path: string;
let folder: WatchedFolder;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'rollbook-watched-'));
  path = join(root, TENANT, 'drop');
  await mkdir(path, { recursive: true });
  folder = await openWatchedFolder(root, TENANT, 'drop');
});
after(async () => {
  await folder.close();
  await rm(root, { recursive: true });
});

test('the same files in whatever order the system names them are the same set; one that was touched is another', async () => {
  await writeFile(join(path, 'a.csv'), 'a');
  await writeFile(join(path, 'b.csv'), 'b');
  const entries = await folder.list();
  assert.equal(fingerprintOf(entries), fingerprintOf(entries.toReversed()));
  const [first, second] = entries;
  const touched = [must(first), { ...must(second), modified: '1' }];
  assert.notEqual(fingerprintOf(entries), fingerprintOf(touched));
});

if (process.platform !== 'win32')
  test('a pipe that took the place of a file keeps nobody waiting who reads it', async () => {
    const pipe = join(path, 'pipe.csv');
    await writeFile(pipe, '');
    const entry = must((await folder.list()).find(({ name }) => name === 'pipe.csv'));
    await unlink(pipe);
    execFileSync('mkfifo', [pipe]);
    // Who waits for a writer would wait for ever.
    let isWriting = false;
    const rescue = setTimeout(() => {
      isWriting = true;
      execFileSync('sh', ['-c', 'exec 3<> "$1"', 'sh', pipe]);
    }, 10_000);
    await assert.rejects(async () => {
      for await (const _ of folder.read(entry));
    }, /no regular file any more/);
    clearTimeout(rescue);
    assert.equal(isWriting, false, 'it waited until somebody wrote');
    await unlink(pipe);
  });

test('a folder with more entries than anybody means is not listed to its end', async () => {
  const there = (await folder.list()).length;
  for (let n = there; n < 1_000; n += 1) await writeFile(join(path, `${n}.txt`), '');
  assert.equal((await folder.list()).length, 1_000);
  await writeFile(join(path, 'one-more.txt'), '');
  await assert.rejects(folder.list(), /more than 1000 entries: move the others away/);
});
