import assert from 'node:assert/strict';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ContainerClient } from '@azure/storage-blob';

import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { eraseUpload } from '#storage/uploads/erase-upload.ts';
import { saveReading } from '#storage/uploads/save-reading.ts';
import { uploadServer, type UploadServer } from '#test/helpers/upload-server.ts';
import { eraseOldUploads } from './erase-old-uploads.ts';
import type { FileStore } from './file-store.ts';
import { removeOrphans } from './remove-orphans.ts';

let server: UploadServer;
before(async () => {
  server = await uploadServer();
});
after(() => server.close());

async function* one(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('orphan');
}

test('orphans go when they are a day old; what an upload names stays', async () => {
  const profileId = await server.newProfile();
  const { url, uploadId } = await server.uploadUrl(profileId);
  const container = new ContainerClient(url);
  await container.getBlockBlobClient('School.csv').uploadData(Buffer.from('kept'));
  await container.getBlockBlobClient('Section.csv').stageBlock('AAAA', 'waits', 5);
  const orphan = realSystem.newId();
  await server.files.write(orphan, one(), Buffer.alloc(32), { maxSizeBytes: 10 });

  const sweep = () => removeOrphans({ db: server.db, files: server.files, now: new Date() });
  assert.equal(await sweep(), 0, 'all are young');
  for (const name of await server.objects()) {
    await utimes(join(server.directory, name.slice(-2), name), new Date(0), new Date(0));
  }
  assert.equal(await sweep(), 1);
  assert.equal((await server.objects()).includes(orphan), false);
  assert.equal((await server.objects()).length, 2);

  // Erased, but the process died before the bytes were removed.
  await server.seal(profileId);
  await inTenant(server.db, server.tenantId, (tx) => eraseUpload(tx, uploadId));
  assert.equal((await server.objects()).length, 1);
  assert.equal(await sweep(), 1);
  assert.deepEqual(await server.objects(), []);
});

test('an old upload is erased when there is a newer one', async () => {
  const profileId = await server.newProfile();
  const sealed: string[] = [];
  for (const text of ['first', 'second']) {
    const { url } = await server.uploadUrl(profileId);
    await new ContainerClient(url).getBlockBlobClient('School.csv').uploadData(Buffer.from(text));
    sealed.push(await server.seal(profileId));
  }
  const [first = '', second = ''] = sealed;
  for (const id of sealed) await inTenant(server.db, server.tenantId, (tx) => saveReading(tx, id, 'sds-v1'));
  assert.equal(await eraseOldUploads({ db: server.db, files: server.files, retentionDays: 0 }), 1);
  await assert.rejects(server.readBack(first), /not kept any more/);
  assert.equal((await server.readBack(second)).get('School.csv')?.toString(), 'second');
  assert.equal((await server.objects()).length, 1);
});

test('the newest whole set stays, and what was uploaded after it and not read', async () => {
  const profileId = await server.newProfile();
  const readings = ['whole', 'whole', null, 'refused', 'merged', 'refused'];
  const kept: string[] = [];
  const erased: string[] = [];
  for (const [index, reading] of readings.entries()) {
    const { url } = await server.uploadUrl(profileId);
    await new ContainerClient(url).getBlockBlobClient('orgs.csv').uploadData(Buffer.from(String(index)));
    const id = await server.seal(profileId);
    await inTenant(server.db, server.tenantId, (tx) =>
      tx.query('update upload set reading = $2 where id = $1', [id, reading]),
    );
    (index === 1 || index === 2 || index === 5 ? kept : erased).push(id);
  }
  assert.equal(await eraseOldUploads({ db: server.db, files: server.files, retentionDays: 0 }), 3);
  for (const id of erased) await assert.rejects(server.readBack(id), /not kept any more/);
  for (const id of kept) assert.equal((await server.readBack(id)).size, 1);
});

test('keys go before bytes, and a stop waits for no more of them than the one under way', async () => {
  const ids: string[] = [];
  for (let profile = 0; profile < 2; profile++) {
    const profileId = await server.newProfile();
    for (let upload = 0; upload < 2; upload++) {
      const { url } = await server.uploadUrl(profileId);
      await new ContainerClient(url).getBlockBlobClient('School.csv').uploadData(Buffer.from('x'));
      const id = await server.seal(profileId);
      await inTenant(server.db, server.tenantId, (tx) => saveReading(tx, id, 'sds-v1'));
      if (upload === 0) ids.push(id);
    }
  }
  const stopping = new AbortController();
  const removed: string[] = [];
  const files: FileStore = {
    ...server.files,
    remove(objectName) {
      removed.push(objectName);
      stopping.abort();
      return Promise.reject(new Error('the storage is away'));
    },
  };
  const context = { db: server.db, files, signal: stopping.signal };
  await eraseOldUploads({ ...context, retentionDays: 0 });
  for (const id of ids) await assert.rejects(server.readBack(id), /not kept any more/);
  assert.equal(removed.length, 1);
  // Nobody names what is left; but who is to stop looks no further.
  assert.equal(await removeOrphans({ ...context, now: new Date(Date.now() + 2 * 86_400_000) }), 0);
  assert.equal(removed.length, 1);
});
