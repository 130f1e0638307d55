import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { realSystem } from '#lib/system.ts';
import { asOwner, type Database, openDatabase } from '#storage/database.ts';
import { migrate } from '#storage/migrate.ts';
import { prepareRoles } from '#storage/roles.ts';
import { listTenants } from '#storage/tenants/find-tenants.ts';
import { emptyTestDatabase, TEST_APP_PASSWORD } from '#test/helpers/database.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';
import { clientAuthenticator } from './authenticate-client.ts';
import { type Credentials, makeFirstTenant } from './first-start.ts';

let empty: { url: string; close(): Promise<void> };
let db: Database;
let dataDir: string;
before(async () => {
  empty = await emptyTestDatabase();
  const address = await prepareRoles({ url: empty.url, appPassword: TEST_APP_PASSWORD, serverIsOurs: true });
  await migrate(address.ownerConnectionString);
  db = openDatabase(address);
  dataDir = await mkdtemp(join(tmpdir(), 'rollbook-first-'));
});
after(async () => {
  await db.close();
  await empty.close();
  await rm(dataDir, { recursive: true });
});

const start = (timeZone?: string) =>
  makeFirstTenant({ db, system: realSystem, secretBox: testSecretBox, dataDir, timeZone });
const file = (name: string): string => join(dataDir, name);
const readCredentials = async (): Promise<Credentials> =>
  JSON.parse(await readFile(file('credentials.json'), 'utf8')) as Credentials;

async function signIn(): Promise<unknown> {
  const { authenticate } = clientAuthenticator({ db, system: realSystem });
  return authenticate({ ...(await readCredentials()), address: 'test' });
}

test('the first start makes a tenant and an administrator; starts at the same time make one', async () => {
  assert.deepEqual((await Promise.all([start('Europe/Berlin'), start('Europe/Berlin')])).sort(), [
    'made',
    'there',
  ]);
  const credentials = await readCredentials();
  assert.deepEqual(Object.keys(credentials), ['tenantId', 'clientId', 'clientSecret']);
  assert.deepEqual(
    (await listTenants(db)).map(({ id, timeZone }) => [id, timeZone]),
    [[credentials.tenantId, 'Europe/Berlin']],
  );
  if (process.platform !== 'win32') assert.equal((await stat(file('credentials.json'))).mode & 0o777, 0o600);
  assert.ok(await signIn());
  assert.deepEqual(await readdir(dataDir), ['credentials.json']);
});

test('a crash before the end is made good by the next start, wherever it was', async () => {
  const credentials = await readCredentials();
  const applications = await asOwner(db, (tx) => tx.query('select * from application_secret'));

  await rename(file('credentials.json'), file('credentials.json.pending'));
  assert.equal(await start(), 'made', 'the database was done, the file was not');
  assert.deepEqual(await readCredentials(), credentials);
  assert.equal(
    (await asOwner(db, (tx) => tx.query('select * from application_secret'))).length,
    applications.length,
  );

  await rename(file('credentials.json'), file('credentials.json.pending'));
  await asOwner(db, (tx) => tx.query('delete from application_event; delete from application'));
  assert.equal(await start(), 'made', 'the tenant was there, the application was not');
  assert.ok(await signIn());
});

test('a credentials file that somebody removed is not made again', async () => {
  await rm(file('credentials.json'));
  assert.equal(await start(), 'there');
  assert.deepEqual(await readdir(dataDir), []);
});

for (const [machine, timeZone] of [
  ['names none', undefined],
  ['does not know its own', 'Etc/Unknown'],
] as const)
  test(`a machine that ${machine}: the tenant has UTC`, async () => {
    await asOwner(db, (tx) =>
      tx.query(
        'delete from application_secret; delete from application_event; delete from application; delete from tenant_secret; delete from tenant_counter; delete from tenant',
      ),
    );
    assert.equal(await start(timeZone), 'made');
    assert.deepEqual(
      (await listTenants(db)).map((tenant) => tenant.timeZone),
      ['UTC'],
    );
  });
