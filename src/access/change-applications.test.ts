import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ConflictError } from '#lib/errors.ts';
import { realSystem } from '#lib/system.ts';
import { revokeApplication as storeRevocation } from '#storage/access/applications.ts';
import { lockApplications, replaceSecret } from '#storage/access/change-application.ts';
import { asOwner, inTenant, type Tx } from '#storage/database.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { type ApplicationsContext, createApplication } from './applications.ts';
import {
  type ApplicationTarget,
  revokeApplication,
  rotateSecret,
  updateApplication,
} from './change-applications.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

/** `meanwhile` is done under the lock that `act` waits for. */
const RACES: readonly {
  readonly name: string;
  readonly meanwhile: (tx: Tx, ids: { readonly first: string; readonly second: string }) => Promise<unknown>;
  readonly act: (context: ApplicationsContext, target: ApplicationTarget) => Promise<unknown>;
  readonly message: RegExp;
}[] = [
  {
    name: 'two managers that revoke each other',
    meanwhile: (tx, { first }) => storeRevocation(tx, first),
    act: revokeApplication,
    message: /last application of this tenant/,
  },
  {
    name: 'two managers that take the permission from each other',
    meanwhile: (tx, { first }) => storeRevocation(tx, first),
    act: (context, target) => updateApplication(context, target, { permissions: ['EduRoster.Read.All'] }),
    message: /last application of this tenant/,
  },
  {
    name: 'two rotations, each with a grace period',
    meanwhile: (tx, { second }) =>
      replaceSecret(tx, {
        applicationId: second,
        secret: { id: realSystem.newId(), secretHash: 'scrypt:1:a:b' },
        graceHours: 1,
      }),
    act: (context, target) => rotateSecret(context, target, 1),
    message: /never three/,
  },
];

for (const { name, meanwhile, act, message } of RACES)
  test(`${name} at the same time: the second one sees what the first did`, async () => {
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
      later = act(context, { tenantId, id: second, actor: first }).then(
        () => (settled = true),
        (error: unknown) => {
          settled = true;
          return error;
        },
      );
      while (!settled && !(await somebodyWaits())) await realSystem.sleep(5);
      await meanwhile(tx, { first, second });
    });
    const refusal = await later;
    assert.ok(refusal instanceof ConflictError, 'it was done');
    assert.match(refusal.message, message);
    // The next race begins without managers.
    await inTenant(db, tenantId, async (tx) => {
      for (const id of [first, second]) await storeRevocation(tx, id);
    });
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
