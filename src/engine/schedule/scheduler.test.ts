import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';

import type { FileStore } from '#files/file-store.ts';
import { realSystem } from '#lib/system.ts';
import { scheduleBench } from '#test/helpers/schedule-bench.ts';
import { SDS_V1_NAMES } from '#test/helpers/sds-v1-names.ts';

import { startScheduler } from './scheduler.ts';

const { bench, context, watched, state, newProfile, schedule, look, events, close } = await scheduleBench();
after(close);

/** Nothing is waited for long. */
const system = {
  ...realSystem,
  sleep: (timeMs: number, signal?: AbortSignal) => realSystem.sleep(Math.min(timeMs, 20), signal),
};

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (await isSo()) return;
    await realSystem.sleep(25);
  }
  throw new Error(`it did not come so far: ${what}`);
}

test('disks that hang, however many folders are on them, keep no other profile from its times, and nobody from the end', async () => {
  for (let folders = 0; folders < 9; folders++) {
    await newProfile();
    const name = `drop ${state.count}`;
    await mkdir(join(watched, bench.tenantId, name));
    for (const file of SDS_V1_NAMES)
      await writeFile(join(watched, bench.tenantId, name, file), 'SIS ID\r\n1\r\n');
    await schedule({ watchedFolder: name });
  }
  await newProfile();
  await schedule({ cron: '0 4 * * *' });
  await look();
  const hanging: (() => void)[] = [];
  const files: FileStore = {
    ...context.files,
    write() {
      return new Promise((_, reject) => {
        hanging.push(() => reject(new Error('the disk is gone')));
      });
    },
  };
  const scheduler = startScheduler({ ...context, files, system, uploadQuietSeconds: 0 });
  await until('folders hang', () => Promise.resolve(hanging.length >= 2));
  // To be met by a look that begins from now on.
  await bench.rows(
    `update profile_schedule set cron_due_at = date_trunc('minute', now()) where profile_id = $1`,
    state.profileId,
  );
  await until('the cron time is met', async () => (await events()).includes('scheduledWithoutFiles'));
  assert.equal(hanging.length, 2, 'each keeps one of the four threads that a process has for its files');
  await scheduler.stop();
  for (const end of hanging) end();
});
