import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { MAY_MOUNT, mountSmallDisk } from '#test/helpers/small-disk.ts';
import { PagedWords } from './paged-words.ts';

const directory = await mkdtemp(join(tmpdir(), 'rollbook-pages-'));
after(() => rm(directory, { recursive: true, force: true }));

const SIZES = { pageWords: 1024, pages: 4 };

const write = (paged: PagedWords, page: number): void => {
  const at = paged.page(page, true);
  paged.words.fill(page + 1, at, at + SIZES.pageWords);
};
const isWritten = (paged: PagedWords, page: number, value = page + 1): boolean => {
  const at = paged.page(page);
  return paged.words.subarray(at, at + SIZES.pageWords).every((word) => word === value);
};

test('pages come back as they were left, whatever was asked for in between; others are empty', async () => {
  const paged = new PagedWords(join(directory, 'new'), SIZES);
  for (const page of [900, 3, 0, 7, 11, 1, 5]) write(paged, page);
  for (const page of [5, 1, 0, 3, 7, 11, 900, 3, 0]) assert.ok(isWritten(paged, page), `page ${page}`);
  for (const page of [2, 899, 901]) assert.ok(isWritten(paged, page, 0), `page ${page}`);
  // A change that is not told of stays in memory at most.
  paged.words[paged.page(3)] = 99;
  paged.page(7);
  assert.ok(isWritten(paged, 3));
  assert.deepEqual(await readdir(join(directory, 'new')), []);
  paged.close();
  paged.close();
});

// Where it cannot be mounted, test/scenarios/disk-full.test.ts says so.
if (MAY_MOUNT)
  test('a full disk is an error with its code, and nothing of what was written is lost', async () => {
    const disk = await mountSmallDisk(1);
    try {
      const paged = new PagedWords(disk.path, SIZES);
      for (let page = 0; page < 20; page += 1) write(paged, page);
      await disk.fill();
      const onFull = (): void => {
        for (let page = 20; page < 30; page += 1) write(paged, page);
      };
      assert.throws(onFull, { code: 'ENOSPC' });
      await disk.makeRoom();
      onFull();
      for (let page = 0; page < 30; page += 1) assert.ok(isWritten(paged, page), `page ${page}`);
      paged.close();
    } finally {
      await disk.close();
    }
  });
