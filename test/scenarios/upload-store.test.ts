/** Uploads in a bucket: a sync goes through it, and a storage that goes away costs time and nothing else. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { type S3TestServer, startS3Server } from '#test/helpers/object-servers.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const SECRET = 'hunter2hunter2';
let storage: S3TestServer;
let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  storage = await startS3Server();
  rollbook = await startTestRollbook({
    settings: {
      UPLOAD_STORE: 's3',
      UPLOAD_PREFIX: 'rollbook/',
      S3_BUCKET: storage.options.bucket,
      S3_ENDPOINT: storage.options.endpoint ?? '',
      S3_ACCESS_KEY_ID: storage.options.accessKeyId ?? '',
      // Signatures are not checked there: this one must not show anywhere.
      S3_SECRET_ACCESS_KEY: SECRET,
    },
    retryDelaySeconds: 0.2,
  });
  client = syncClient(rollbook);
});
after(async () => {
  await rollbook.stop();
  await storage.close();
});

const roster = csvFiles(smallRoster());

test('a sync through a bucket; and again while the storage is away: the run waits for it and nobody is blamed', async () => {
  const profile = await client.createProfile();
  assert.equal((await client.sync(profile, roster)).status, 'success');

  await client.upload(profile, csvFiles(smallRoster({ students: 13 })));
  await storage.goAway();
  const starting = client.start(profile);
  for (let attempt = 0; attempt < 2_000; attempt++) {
    const rows = await rollbook.rows(`select 1 from run where error_code = 'StorageUnavailable'`);
    if (rows.length > 0) break;
    await wait(20);
  }
  await storage.comeBack();
  await starting;
  for (let attempt = 0; attempt < 2_000; attempt++) {
    const open = await rollbook.rows(`select 1 from run where state <> 'completed'`);
    if (open.length === 0) break;
    await wait(20);
  }
  assert.equal((await client.status(profile)).status, 'success');
  const [facts] = await rollbook.rows(
    `select broken_runs, (select count(*)::int from run_event where event = 'broke' and (detail ->> 'code') = 'StorageUnavailable') > 0 as waited
       from profile where id = $1`,
    [profile],
  );
  assert.deepEqual(facts, { broken_runs: 0, waited: true });
  assert.equal(rollbook.logLines.join('').includes(SECRET), false);
});

test('an upload while the storage is away is answered with 503, and its client may repeat it', async () => {
  const profile = await client.createProfile({ displayName: 'Away' });
  const { value } = await client.ok<{ value: string }>(
    'GET',
    `/beta/education/synchronizationProfiles/${profile}/uploadUrl`,
  );
  const url = new URL(value);
  url.pathname += '/School.csv';
  const put = (): Promise<Response> =>
    fetch(url, { method: 'PUT', headers: { 'x-ms-blob-type': 'BlockBlob' }, body: 'SIS ID,Name\r\n' });
  await storage.goAway();
  const refused = await put();
  assert.equal(refused.status, 503);
  assert.match(await refused.text(), /The storage of uploads does not answer as it should/);
  await storage.comeBack();
  assert.equal((await put()).status, 201);
});
