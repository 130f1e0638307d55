import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';

import { asOwner } from './database.ts';
import { ensureInstallationId, takeTurnToSearchStorage } from './installation.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

test('of processes that ask at once one searches the storage, and none does again within the hour', async () => {
  const { db } = database;
  await asOwner(db, (tx) => ensureInstallationId(tx, realSystem.newId));
  const askAtOnce = async (): Promise<number> => {
    const turns = await Promise.all([1, 2, 3, 4].map(() => asOwner(db, takeTurnToSearchStorage)));
    return turns.filter(Boolean).length;
  };
  const passes = (minutes: number) =>
    asOwner(db, (tx) =>
      tx.query(
        `update installation set storage_searched_at = storage_searched_at - interval '${minutes} minutes'`,
      ),
    );
  assert.equal(await askAtOnce(), 1);
  await passes(49);
  assert.equal(await askAtOnce(), 0);
  await passes(2);
  assert.equal(await askAtOnce(), 1);
});
