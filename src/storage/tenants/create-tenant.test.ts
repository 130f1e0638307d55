import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { realSystem } from '#lib/system.ts';
import { asOwner } from '#storage/database.ts';
import { type TestDatabase, testDatabase } from '#test/helpers/database.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';
import { createTenant } from './create-tenant.ts';
import { findTenant, listTenants } from './find-tenants.ts';

let t: TestDatabase;
before(async () => {
  t = await testDatabase();
});
after(() => t.close());

test('a tenant comes with its counter and a secret of its own', async () => {
  const id = realSystem.newId();
  await createTenant(t.db, { id, name: '  Kreis Süd ', timeZone: 'Europe/Berlin' }, testSecretBox);
  assert.partialDeepStrictEqual(await findTenant(t.db, id), {
    id,
    name: 'Kreis Süd',
    timeZone: 'Europe/Berlin',
  });
  assert.deepEqual(
    (await listTenants(t.db)).map((tenant) => tenant.id),
    [t.tenantId, id],
  );
  const secrets = await asOwner(t.db, (tx) =>
    tx.query<{ hash_key: Buffer }>('select hash_key from tenant_secret'),
  );
  const keys = secrets.map((row) => testSecretBox.open(row.hash_key));
  assert.deepEqual(
    keys.map((key) => key.length),
    [32, 32],
  );
  assert.notDeepEqual(keys[0], keys[1]);
  const counters = await asOwner(t.db, (tx) => tx.query('select change_seq::int from tenant_counter'));
  assert.deepEqual(counters, [{ change_seq: 0 }, { change_seq: 0 }]);
});

test('an id is given once', async () => {
  await assert.rejects(
    createTenant(t.db, { id: t.tenantId, name: 'Again', timeZone: 'UTC' }, testSecretBox),
    { code: 'Conflict' },
  );
});

for (const timeZone of ['', 'Berlin', '+02:00', 'Europe/Berlin; drop table tenant', 'EUROPE', 'CNT', 'BST']) {
  test(`"${timeZone}" is no time zone`, async () => {
    const tenant = { id: realSystem.newId(), name: 'x', timeZone };
    await assert.rejects(createTenant(t.db, tenant, testSecretBox), {
      code: 'BadRequest',
      target: 'timeZone',
    });
  });
}

test('who does not exist is not found', async () => {
  assert.equal(await findTenant(t.db, realSystem.newId()), undefined);
});
