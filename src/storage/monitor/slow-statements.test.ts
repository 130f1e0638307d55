import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { asOwner, type Database, inTenant, openDatabase, readOnce } from '../database.ts';
import type { SlowStatement } from './slow-statements.ts';

const SLEEP = 'pg_sleep(0.15)';
let database: TestDatabase;
let watched: Database;
const seen: SlowStatement[] = [];
before(async () => {
  database = await testDatabase();
  watched = openDatabase(database.db, {
    slowStatements: { thresholdMs: 100, onSlow: (slow) => seen.push(slow) },
  });
});
after(async () => {
  await watched.close();
  await database.close();
});

async function slowOf(work: () => Promise<unknown>): Promise<SlowStatement[]> {
  seen.length = 0;
  await work();
  return seen.filter(({ statement }) => statement.includes('pg_sleep'));
}

test('a statement that takes long is told with its place, never with values', async () => {
  const slow = await slowOf(() =>
    asOwner(watched, (tx) => tx.query(`select ${SLEEP}, $1::text, 'Ana ''Elm'''  as x`, ['of a child'])),
  );
  assert.equal(slow.length, 1);
  assert.ok((slow[0]?.ms ?? 0) >= 140);
  assert.equal(slow[0]?.statement, `select ${SLEEP}, $1::text, ? as x`);
  assert.match(slow[0]?.site ?? '', /^src\/storage\/monitor\/slow-statements\.test\.ts:\d+$/);
  assert.doesNotMatch(JSON.stringify(slow), /child|Ana|Elm/);
});

test('one that fails is told too, and its error goes on', async () => {
  const slow = await slowOf(() =>
    assert.rejects(
      asOwner(watched, (tx) => tx.query(`select ${SLEEP}, 1 / (random() * 0)::int`)),
      /zero/,
    ),
  );
  assert.equal(slow.length, 1);
});

test('statements that are kept by name, and those of readers', async () => {
  const named = await slowOf(() =>
    readOnce(watched, database.tenantId, { name: 'sleeping', text: `select ${SLEEP} as slept` }, []),
  );
  assert.equal(named[0]?.statement, `(sleeping) select ${SLEEP} as slept`);
  const reading = await slowOf(() =>
    inTenant(watched, database.tenantId, (tx) => tx.query(`select ${SLEEP}`), { readOnly: true }),
  );
  assert.ok(reading.length >= 1);
});

test('fast ones are not told', async () => {
  seen.length = 0;
  for (let n = 0; n < 5; n++) await asOwner(watched, (tx) => tx.query('select 1 as one'));
  assert.deepEqual(
    seen.filter(({ statement }) => statement.includes('as one')),
    [],
  );
});
