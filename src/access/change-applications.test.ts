import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ConflictError } from '#lib/errors.ts';
import { realSystem } from '#lib/system.ts';
import { revokeApplication as storeRevocation } from '#storage/access/applications.ts';
import { lockApplications } from '#storage/access/change-application.ts';
import { asOwner, inTenant } from '#storage/database.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { createApplication } from './applications.ts';
import { revokeApplication } from './change-applications.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

test('two managers that revoke each other at the same time: the second one sees what the first did', async () => {
  const { db, tenantId } = database;
  const context = { db, system: realSystem };
  const make = async (displayName: string): Promise<string> =>
    (
      await createApplication(context, tenantId, {
        displayName,
        permissions: ['Rollbook.Tenant.Manage'],
        actor: 'test',
      })
    ).id;
  const [first, second] = [await make('First'), await make('Second')];
  let settled = false;
  let later: Promise<unknown> | undefined;
  await inTenant(db, tenantId, async (tx) => {
    await lockApplications(tx);
    later = revokeApplication(context, { tenantId, id: second, actor: first }).then(
      () => (settled = true),
      (error: unknown) => {
        settled = true;
        return error;
      },
    );
    while (!settled && !(await somebodyWaits())) await realSystem.sleep(5);
    await storeRevocation(tx, first);
  });
  assert.ok((await later) instanceof ConflictError, 'it was the last one by then');
});

async function somebodyWaits(): Promise<boolean> {
  const waiting = await asOwner(database.db, (tx) =>
    tx.query(
      `select 1 from pg_locks where locktype = 'advisory' and not granted
       and database = (select oid from pg_database where datname = current_database())`,
    ),
  );
  return waiting.length > 0;
}
