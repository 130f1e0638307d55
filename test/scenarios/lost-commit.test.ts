/** A transaction is committed and its answer never arrives: what the row names must be there, whatever the process thinks of it. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { openLocalFileStore } from '#files/local-file-store.ts';
import { emptyTestDatabase } from '#test/helpers/database.ts';
import { type DatabaseProxy, openDatabaseProxy } from '#test/helpers/database-proxy.ts';
import { bulkFiles, copyOfSet, deltaFiles, smallOneRoster } from '#test/helpers/one-roster.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

let database: Awaited<ReturnType<typeof emptyTestDatabase>>;
let proxy: DatabaseProxy;
let rollbook: TestRollbook;
let client: SyncClient;
let watched: string;
before(async () => {
  database = await emptyTestDatabase();
  proxy = await openDatabaseProxy(database.url);
  watched = await mkdtemp(join(tmpdir(), 'rollbook-watched-'));
  rollbook = await startTestRollbook({
    settings: { DATABASE_URL: proxy.url, WATCH_DIR: watched, UPLOAD_QUIET_SECONDS: '1' },
    retryDelaySeconds: 0.2,
    engine: { leaseSeconds: 2 },
  });
  client = syncClient(rollbook);
});
after(async () => {
  await rollbook.stop();
  await proxy.close();
  await database.close();
  await rm(watched, { recursive: true });
});

/** Names of files and blocks of uploads whose bytes are not there. */
async function withoutBytes(): Promise<unknown[]> {
  const stored: string[] = [];
  for await (const { objectName } of openLocalFileStore({ directory: rollbook.filesDirectory }).list())
    stored.push(objectName);
  const rows = await rollbook.rows(
    `select f.name from upload_file f join upload u on u.id = f.upload_id where u.state <> 'erased' and f.object_name <> all ($1)
     union all select name from upload_block where object_name <> all ($1)`,
    [stored],
  );
  return rows.map(({ name }) => name);
}

async function succeeded(profile: string): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const [run] = await rollbook.rows(
      'select state, message from run where profile_id = $1 order by created_at desc limit 1',
      [profile],
    );
    if (run?.['state'] === 'completed') return;
    assert.notEqual(run?.['state'], 'held', String(run?.['message']));
    await wait(50);
  }
  const { status, statusMessage } = await client.status(profile);
  assert.fail(`${status}: ${statusMessage}`);
}

test('of a file, and of a block', async () => {
  const profile = await client.createProfile({ displayName: 'Uploaded' });
  const { value } = await client.ok<{ value: string }>(
    'GET',
    `/beta/education/synchronizationProfiles/${profile}/uploadUrl`,
  );
  const put = async (name: string, more = ''): Promise<number> => {
    const target = value.replace('?', `/${name}?`) + more;
    const headers = { 'x-ms-blob-type': 'BlockBlob' };
    return (await fetch(target, { method: 'PUT', body: 'SIS ID,Name\n', headers })).status;
  };
  proxy.loseCommitAfter('insert into upload_file');
  assert.ok((await put('School.csv')) >= 500);
  proxy.loseCommitAfter('insert into upload_block');
  assert.ok((await put('Section.csv', '&comp=block&blockid=AAAA')) >= 500);
  const names = await rollbook.rows('select name from upload_file union all select name from upload_block');
  assert.equal(names.length, 2, 'both were committed');
  assert.deepEqual(await withoutBytes(), []);
});

test('of a watched folder that was taken', async () => {
  const profile = await client.createProfile({ displayName: 'Watched' });
  const folder = join(watched, rollbook.tenantId, 'nightly');
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(csvFiles(smallRoster())))
    await writeFile(join(folder, name), content);
  proxy.loseCommitAfter('insert into upload_file');
  await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, {
    schedule: { watchedFolder: 'nightly' },
  });
  await succeeded(profile);
  assert.deepEqual(await withoutBytes(), []);
});

test('of a set that was made of delta files', async () => {
  const profile = await client.createProfile({ displayName: 'Merged' });
  const first = smallOneRoster();
  assert.equal((await client.sync(profile, bulkFiles(first))).status, 'success');
  const second = copyOfSet(first);
  second.users.set('s-a1', { ...second.users.get('s-a1'), sourcedId: 's-a1', givenName: 'Changed' });
  await client.upload(profile, deltaFiles(first, second));
  proxy.loseCommitAfter('insert into upload_file');
  await client.start(profile);
  await succeeded(profile);
  assert.deepEqual(await withoutBytes(), []);
  const [person] = await rollbook.rows(
    `select p.given_name from person p join account a on a.person_id = p.id where a.user_name like 's-a1@%'`,
  );
  assert.equal(person?.['given_name'], 'Changed');
});
