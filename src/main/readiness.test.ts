import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { SchemaStanding } from '#storage/schema-standing.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';

import { watchReadiness } from './readiness.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

const NEWER = '9000-newer';

test('ready, until a newer schema takes no writes of this version, or a stop begins', async () => {
  let standing: SchemaStanding['standing'] = 'current';
  const schema = { now: () => ({ newest: NEWER, standing }), stop: () => Promise.resolve() };
  const readiness = watchReadiness(database.db, schema);
  assert.deepEqual([await readiness.check(), readiness.notes?.()], [[], []]);

  standing = 'ahead';
  assert.deepEqual(await readiness.check(), [], 'it still answers requests');
  assert.match(readiness.notes?.().join() ?? '', /executes no runs any more: replace it/);

  standing = 'outdated';
  assert.match((await readiness.check()).join(), /9000-newer.*must not write into it/);

  standing = 'current';
  readiness.stop();
  assert.deepEqual(await readiness.check(), ['Rollbook is stopping.'], 'no new requests are sent here');
});
