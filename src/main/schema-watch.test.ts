import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { type TestDatabase, testDatabase } from '#test/helpers/database.ts';

import { watchSchema } from './schema-watch.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

test('a database that has vanished without a word keeps nobody waiting who stops', async () => {
  let looks = 0;
  const asked = Promise.withResolvers<void>();
  const owner = new Proxy(database.db.owner, {
    get: (pool, name) => {
      if (name !== 'query' || (looks += 1) === 1) return Reflect.get(pool, name, pool) as unknown;
      asked.resolve();
      return () => new Promise(() => undefined);
    },
  });
  const system = {
    ...realSystem,
    sleep: (ms: number, signal?: AbortSignal) => realSystem.sleep(ms / 10, signal),
  };
  const log = { warn: () => undefined };
  const watch = await watchSchema({ db: { ...database.db, owner }, system, log }, () => Promise.resolve());
  await asked.promise;
  await watch.stop();
});

for (const [what, known, times] of [
  ['current', 9_999, 0],
  ['of a newer version', 1, 1],
] as const)
  test(`a database that is ${what} from the start on`, async () => {
    const told: string[] = [];
    const db = { ...database.db, schemaFence: { known, work: 'executed' as const } };
    const log = { warn: (_fields: object, message: string) => void message };
    const watch = await watchSchema({ db, system: realSystem, log }, ({ standing }) => {
      told.push(standing);
      return Promise.resolve();
    });
    await watch.stop();
    assert.equal(told.length, times);
    assert.equal(watch.now().standing, told[0] ?? 'current');
  });
