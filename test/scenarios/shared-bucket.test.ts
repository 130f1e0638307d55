/** Two installations with one place for uploads: the second does not start, and one that was replaced removes nothing there any more. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { pino } from 'pino';

import { keepHouse } from '#engine/housekeeping.ts';
import type { FileStore } from '#files/file-store.ts';
import { openFileStore } from '#files/open-file-store.ts';
import { OperationalError } from '#lib/errors.ts';
import { realSystem } from '#lib/system.ts';
import { asOwner } from '#storage/database.ts';
import { ensureInstallationId } from '#storage/installation.ts';
import { type S3TestServer, startS3Server } from '#test/helpers/object-servers.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { syncClient } from '#test/helpers/sync-client.ts';

const PREFIX = 'rollbook/';
let storage: S3TestServer;
let files: FileStore;
const running: TestRollbook[] = [];
before(async () => {
  storage = await startS3Server();
  files = openFileStore({ kind: 's3', ...storage.options, prefix: PREFIX });
});
after(async () => {
  for (const rollbook of running) await rollbook.stop();
  await storage.close();
});

async function start(more: Record<string, string> = {}): Promise<TestRollbook> {
  const rollbook = await startTestRollbook({
    settings: {
      UPLOAD_STORE: 's3',
      UPLOAD_PREFIX: PREFIX,
      S3_BUCKET: storage.options.bucket,
      S3_ENDPOINT: storage.options.endpoint ?? '',
      S3_ACCESS_KEY_ID: storage.options.accessKeyId ?? '',
      S3_SECRET_ACCESS_KEY: storage.options.secretAccessKey ?? '',
      ...more,
    },
  });
  running.push(rollbook);
  return rollbook;
}

const idOf = ({ db }: TestRollbook): Promise<string> =>
  asOwner(db, (tx) => ensureInstallationId(tx, realSystem.newId));

/** Housekeeping of a Rollbook in two days, when what nobody names is old enough to be removed. */
async function keepHouseLater(rollbook: TestRollbook): Promise<string[]> {
  const lines: string[] = [];
  await asOwner(rollbook.db, (tx) => tx.query('update installation set storage_searched_at = null'));
  await keepHouse({
    db: rollbook.db,
    system: { ...realSystem, now: () => new Date(Date.now() + 2 * 86_400_000) },
    files,
    claim: { installationId: await idOf(rollbook), replaces: undefined },
    log: pino({}, { write: (line) => lines.push(line) }),
    uploadRetentionDays: 30,
    runRetentionDays: 30,
  });
  return lines;
}

async function objects(): Promise<string[]> {
  const names: string[] = [];
  for await (const { objectName } of files.list()) names.push(objectName);
  return names.sort();
}

test('the second does not start, until it takes the place over; then the first removes nothing there', async () => {
  const first = await start();
  const firstId = await idOf(first);
  await assert.rejects(start(), (error: unknown) => {
    assert.ok(error instanceof OperationalError);
    assert.equal(error.code, 'StorageOfAnother');
    assert.match(error.message, new RegExp(`UPLOAD_TAKE_OVER=${firstId}`));
    return true;
  });
  await assert.rejects(start({ UPLOAD_TAKE_OVER: randomUUID() }), { code: 'StorageOfAnother' });
  await first.restart();

  const second = await start({ UPLOAD_TAKE_OVER: firstId });
  // Who replaced another may keep the setting.
  await second.restart();
  const client = syncClient(second);
  const profile = await client.createProfile();
  assert.equal((await client.sync(profile, csvFiles(smallRoster()))).status, 'success');
  const kept = await objects();
  assert.equal(kept.length, 6);

  const told = await keepHouseLater(first);
  assert.deepEqual(await objects(), kept, 'the files of the second are nothing that the first names');
  assert.ok(
    told.some((line) => line.includes('StorageOfAnother')),
    told.join(''),
  );
  await assert.rejects(first.restart(), { code: 'StorageOfAnother' });

  await files.write(
    randomUUID(),
    (async function* () {
      yield Buffer.from('left behind');
    })(),
    Buffer.alloc(32),
    {
      maxSizeBytes: 100,
    },
  );
  await keepHouseLater(second);
  assert.deepEqual(await objects(), kept, 'the owner removes what nobody names, and that alone');
});
