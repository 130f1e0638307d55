/** `rollbook doctor` with a storage of uploads that is there, is another's, is not there, or refuses. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import type { Check } from '#core/doctor/check.ts';
import { resolveSettings } from '#core/resolve-settings.ts';
import { openBucket } from '#files/open-file-store.ts';
import { claimBucket } from '#files/remote/claim-bucket.ts';
import type { ObjectBucket } from '#files/remote/object-bucket.ts';
import { realSystem, type System } from '#lib/system.ts';
import { asOwner } from '#storage/database.ts';
import { ensureInstallationId } from '#storage/installation.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { type ObjectServer, startAzurite, startS3Server } from '#test/helpers/object-servers.ts';
import type { AzureOptions } from '../../src/files/remote/azure-bucket.ts';
import type { S3Options } from '../../src/files/remote/s3-bucket.ts';

import { examine } from '../../src/main/doctor/examine.ts';

const SECRET = 'hunter2hunter2';
let s3: ObjectServer<S3Options>;
let azure: ObjectServer<AzureOptions>;
let database: TestDatabase;
let dataDir: string;
before(async () => {
  [s3, azure, database] = await Promise.all([startS3Server(), startAzurite(), testDatabase()]);
  dataDir = await mkdtemp(join(tmpdir(), 'rollbook-doctor-'));
});
after(async () => {
  await s3.close();
  await azure.close();
  await database.close();
  await rm(dataDir, { recursive: true });
});

async function look(
  env: Record<string, string>,
  system: System = realSystem,
): Promise<(name: string) => Check> {
  const { values } = resolveSettings({
    flags: {},
    env: { PORT: '0', HTTPS_PORT: 'off', DATABASE_URL: database.url, DATA_DIR: dataDir, ...env },
  });
  const checks = (await examine(values, system, '1.2.3')).filter(({ area }) => area === 'uploads');
  assert.equal(JSON.stringify(checks).includes(SECRET), false);
  return (name) => {
    const found = checks.find((check) => check.name === name);
    assert.ok(found, `${name}: ${JSON.stringify(checks)}`);
    return found;
  };
}

const s3Env = (more: Record<string, string> = {}): Record<string, string> => ({
  UPLOAD_STORE: 's3',
  UPLOAD_PREFIX: 'doctor/',
  S3_BUCKET: s3.options.bucket,
  S3_ENDPOINT: s3.options.endpoint ?? '',
  S3_ACCESS_KEY_ID: s3.options.accessKeyId ?? '',
  S3_SECRET_ACCESS_KEY: SECRET,
  ...more,
});
const azureEnv = (more: Record<string, string> = {}): Record<string, string> => ({
  UPLOAD_STORE: 'azure',
  UPLOAD_PREFIX: 'doctor/',
  AZURE_CONNECTION: azure.options.connection,
  AZURE_CONTAINER: azure.options.container,
  ...more,
});

async function objectsOf(bucket: ObjectBucket): Promise<string[]> {
  const names: string[] = [];
  for await (const { objectName } of bucket.list(() => true)) names.push(objectName);
  return names;
}

function expectFault(check: Check, found: RegExp, remedy: RegExp): void {
  assert.equal(check.health, 'fault', JSON.stringify(check));
  assert.match(check.found, found);
  assert.match(check.remedy ?? '', remedy);
}

for (const [name, env, open] of [
  ['S3', s3Env, () => openBucket({ kind: 's3', ...s3.options, prefix: 'doctor/' })],
  ['Azure', azureEnv, () => openBucket({ kind: 'azure', ...azure.options, prefix: 'doctor/' })],
] as const) {
  test(`${name}: a storage that does as it should, and nothing is left behind`, async () => {
    const of = await look(env());
    assert.equal(of('storage').health, 'ok', JSON.stringify(of('storage')));
    assert.equal(of('clock of the storage').health, 'ok');
    assert.match(of('place for uploads').found, /Nobody has claimed it yet/);
    assert.deepEqual(await objectsOf(await open()), []);
  });

  test(`${name}: the clock of this machine is an hour off`, async () => {
    for (const [seconds, words] of [
      [3_600, /(?:3600|3599) s ahead of/],
      [-3_600, /(?:3600|3599) s behind/],
    ] as const) {
      const off = { ...realSystem, now: () => new Date(Date.now() + seconds * 1_000) };
      expectFault((await look(env(), off))('clock of the storage'), words, /NTP/);
    }
  });

  test(`${name}: the place is ours, or another installation's`, async () => {
    const bucket = await open();
    const ours = await asOwner(database.db, (tx) => ensureInstallationId(tx, realSystem.newId));
    const other = realSystem.newId();
    await claimBucket(bucket, { installationId: other, replaces: undefined });
    expectFault(
      (await look(env()))('place for uploads'),
      new RegExp(other),
      /UPLOAD_PREFIX.*UPLOAD_TAKE_OVER/,
    );
    assert.match((await look(env({ UPLOAD_TAKE_OVER: other })))('place for uploads').found, /takes it over/);
    await claimBucket(bucket, { installationId: ours, replaces: other });
    assert.match((await look(env()))('place for uploads').found, /belongs to this Rollbook/);
  });
}

test('a bucket that is missing, credentials that are wrong, a storage that is down', async () => {
  expectFault((await look(s3Env({ S3_BUCKET: 'not-there' })))('storage'), /does not exist/, /S3_BUCKET/);
  expectFault(
    (await look(s3Env({ S3_ACCESS_KEY_ID: 'SOMEBODY' })))('storage'),
    /refuses/,
    /S3_ACCESS_KEY_ID.*may write objects.*s3:PutObject/,
  );
  expectFault(
    (await look(s3Env({ S3_ENDPOINT: 'http://127.0.0.1:9' })))('storage'),
    /does not answer/,
    /S3_ENDPOINT/,
  );
  expectFault(
    (await look(azureEnv({ AZURE_CONTAINER: 'not-there' })))('storage'),
    /does not exist/,
    /AZURE_CONTAINER/,
  );
  const wrong = azure.options.connection.replace(
    /AccountKey=[^;]+/,
    `AccountKey=${Buffer.from(SECRET).toString('base64')}`,
  );
  expectFault(
    (await look(azureEnv({ AZURE_CONNECTION: wrong })))('storage'),
    /refuses/,
    /AZURE_CONNECTION.*write \(w\)/,
  );
});
