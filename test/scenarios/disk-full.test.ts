/**
 * A disk is full in the middle of a sync: that of DATA_DIR, that of PostgreSQL's tables, that of PostgreSQL as a whole. A clear word, nothing
 * half done, and once there is room the run goes on by itself to the directory of an undisturbed run. The disks are real and small, which
 * only root can mount.
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { dumpDirectory } from '#test/helpers/directory-dump.ts';
import { bulkFiles, copyOfSet, deltaFiles, smallOneRoster } from '#test/helpers/one-roster.ts';
import { startOwnPostgres } from '#test/helpers/own-postgres.ts';
import { startTestRollbook, type TestRollbook, type TestRollbookOptions } from '#test/helpers/rollbook.ts';
import { MAY_MOUNT, mountSmallDisk, type SmallDisk } from '#test/helpers/small-disk.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

type Files = Readonly<Record<string, string>>;
const RETRY = { retryDelaySeconds: 0.2, engine: { leaseSeconds: 2, batchItems: 50 } };
const MIB = 1_048_576;

/** What the same syncs leave in a Rollbook that nothing befalls. */
async function undisturbed(...days: readonly Files[]): Promise<string[]> {
  const calm = await startTestRollbook();
  try {
    const client = syncClient(calm);
    const profile = await client.createProfile();
    for (const files of days) assert.equal((await client.sync(profile, files)).status, 'success');
    return await dumpDirectory(calm.db, calm.tenantId);
  } finally {
    await calm.stop();
  }
}

async function withDisk(
  mebibytes: number,
  work: (disk: SmallDisk, start: (options: TestRollbookOptions) => Promise<TestRollbook>) => Promise<void>,
): Promise<void> {
  const disk = await mountSmallDisk(mebibytes);
  let rollbook: TestRollbook | undefined;
  try {
    await work(disk, async (options) => (rollbook = await startTestRollbook({ ...RETRY, ...options })));
  } finally {
    await rollbook?.stop();
    await disk.close();
  }
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 2_400; attempt++) {
    if (await isSo()) return;
    await wait(25);
  }
  throw new Error(`it did not come so far: ${what}`);
}

/** The run says that a disk is full, and nobody is blamed for it. */
async function saysFull(rollbook: TestRollbook, client: SyncClient, profile: string): Promise<void> {
  const isBroken = `select 1 from run where state = 'broken' and error_code = 'DiskFull' and message like '%room%'`;
  await until('the run says DiskFull', async () => (await rollbook.rows(isBroken)).length > 0);
  await until('the status says it', async () =>
    /no room left on a disk/.test((await client.status(profile)).statusMessage),
  );
}

/** Where PostgreSQL has room for nothing at all, not even the state of the run can be written: then the log alone says it. */
async function logsFull({ logLines }: TestRollbook): Promise<void> {
  const isSaid = (line: string): boolean =>
    line.includes('"code":"DiskFull"') && line.includes('tried again');
  await until('the log says DiskFull', () => Promise.resolve(logLines.some(isSaid)));
}

/** There is room: nobody does anything, and the directory becomes what it would have been. */
async function endsWell(
  rollbook: TestRollbook,
  client: SyncClient,
  profile: string,
  expected: readonly string[],
): Promise<void> {
  await until('success', async () => (await client.status(profile)).status === 'success');
  assert.deepEqual(await dumpDirectory(rollbook.db, rollbook.tenantId), expected);
  const [facts] = await rollbook.rows('select broken_runs, quarantined_at from profile where id = $1', [
    profile,
  ]);
  assert.deepEqual(facts, { broken_runs: 0, quarantined_at: null });
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

if (MAY_MOUNT) {
  test('DATA_DIR is full while files are uploaded: 503, nothing half written, and the same file again once there is room', () =>
    withDisk(8, async (disk, start) => {
      const rollbook = await start({ dataDir: disk.path });
      const client = syncClient(rollbook);
      const files = csvFiles(smallRoster({ students: 400 }));
      const profile = await client.createProfile();
      const { value } = await client.ok<{ value: string }>(
        'GET',
        `/beta/education/synchronizationProfiles/${profile}/uploadUrl`,
      );
      const put = (name: string, body: string): Promise<Response> => {
        const url = new URL(value);
        url.pathname += `/${name}`;
        return fetch(url, { method: 'PUT', headers: { 'x-ms-blob-type': 'BlockBlob' }, body });
      };
      await disk.fill(8_192);
      const refused = await put('Student.csv', files['Student.csv'] ?? '');
      assert.equal(refused.status, 503);
      assert.match(await refused.text(), /There is no space left for uploads/);
      assert.deepEqual(await filesBelow(rollbook.filesDirectory), [], 'nothing is left behind');
      await disk.makeRoom();
      for (const [name, text] of Object.entries(files)) assert.equal((await put(name, text)).status, 201);
      assert.equal((await client.start(profile)).status, 200);
      await endsWell(rollbook, client, profile, await undisturbed(files));
    }));

  test('DATA_DIR is full while delta files are merged: the run waits for room, and nothing half written stays', () =>
    withDisk(8, async (disk, start) => {
      const rollbook = await start({ dataDir: disk.path });
      const client = syncClient(rollbook);
      const whole = smallOneRoster(60);
      const next = copyOfSet(whole);
      for (const [index, [id, row]] of [...next.users].entries())
        if (index % 5 === 0) next.users.set(id, { ...row, givenName: 'Changed' });
      const days = [bulkFiles(whole), deltaFiles(whole, next)];
      const profile = await client.createProfile();
      assert.equal((await client.sync(profile, days[0] ?? {})).status, 'success');
      await client.upload(profile, days[1] ?? {});
      const before = await filesBelow(rollbook.filesDirectory);
      await disk.fill();
      const starting = client.start(profile);
      await saysFull(rollbook, client, profile);
      assert.deepEqual((await filesBelow(rollbook.filesDirectory)).sort(), before.sort());
      await disk.makeRoom();
      await starting;
      await endsWell(rollbook, client, profile, await undisturbed(...days));
    }));

  test('DATA_DIR is full from the sealing on: a sync of whole files needs no room there', () =>
    withDisk(8, async (disk, start) => {
      const rollbook = await start({ dataDir: disk.path });
      const client = syncClient(rollbook);
      const days = [30, 32].map((students) => csvFiles(smallRoster({ students })));
      const profile = await client.createProfile();
      for (const files of days) {
        await client.upload(profile, files);
        await disk.fill();
        assert.equal((await client.start(profile)).status, 200);
        assert.equal((await client.settled(profile)).status, 'success');
        await disk.makeRoom();
      }
      await endsWell(rollbook, client, profile, await undisturbed(...days));
      assert.equal((await client.sync(profile, days[1] ?? {})).status, 'success');
      const [plan] = await rollbook.rows('select item_count as n from plan order by created_at desc limit 1');
      assert.equal(plan?.['n'], 0);
      const snapshots = await filesBelow(join(disk.path, 'snapshots'));
      assert.deepEqual(
        snapshots.filter((name) => name.includes('unfinished')),
        [],
        'no half of a snapshot',
      );
    }));

  for (const moment of ['while a plan is applied', 'while files are read'] as const)
    test(`the disk of PostgreSQL's tables is full ${moment}: the run waits for room`, () =>
      withDisk(64, async (disk, start) => {
        const postgres = await startOwnPostgres();
        try {
          const place = await disk.folderOfPostgres('tables');
          const url = await postgres.databaseIn(place);
          const rollbook = await start({ settings: { DATABASE_URL: url } });
          const client = syncClient(rollbook);
          const files = csvFiles(smallRoster({ students: 900 }));
          const profile = await client.createProfile();
          await client.upload(profile, files);
          // Room for the rows of the run itself, and not for what it stages.
          if (moment === 'while files are read') await disk.fill(1.5 * MIB);
          const starting = client.start(profile).catch(() => undefined);
          if (moment === 'while a plan is applied') {
            const sight = `select 1 from run where state = 'applying' and applied_item_no > 0`;
            await until(moment, async () => (await rollbook.rows(sight)).length > 0);
            await disk.fill();
          }
          await logsFull(rollbook);
          await disk.makeRoom();
          assert.equal((await starting)?.status, 200);
          await endsWell(rollbook, client, profile, await undisturbed(files));
          await rollbook.stop();
        } finally {
          await postgres.close();
        }
      }));

  test('the disk of PostgreSQL as a whole is full: the server breaks off, and its next start finds everything', () =>
    withDisk(400, async (disk, start) => {
      const postgres = await startOwnPostgres(disk.path);
      try {
        const rollbook = await start({ settings: { DATABASE_URL: postgres.url } });
        const client = syncClient(rollbook);
        const files = csvFiles(smallRoster({ students: 2_000 }));
        const profile = await client.createProfile();
        await client.upload(profile, files);
        const starting = client.start(profile).catch(() => undefined);
        const sight = `select 1 from run where state = 'applying' and applied_item_no > 0`;
        await until('applying', async () => (await rollbook.rows(sight)).length > 0);
        await disk.fill(MIB);
        await until('PostgreSQL or the run says that the disk is full', async () => {
          const rows = await rollbook.rows(`select 1 from run where state = 'broken'`).catch(() => null);
          return rows === null || rows.length > 0;
        });
        await disk.makeRoom();
        await postgres.startAgain();
        await starting;
        await endsWell(rollbook, client, profile, await undisturbed(files));
        await rollbook.stop();
      } finally {
        await postgres.close();
      }
    }));
}
