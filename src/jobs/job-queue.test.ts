import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { asOwner } from '#storage/database.ts';
import { type TestDatabase, testDatabase } from '#test/helpers/database.ts';

import { openJobQueue } from './job-queue.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

const owner = (sql: string): Promise<unknown[]> => asOwner(database.db, (tx) => tx.query(sql));

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    if (condition()) return;
    await wait(10);
  }
  throw new Error('it never came to that');
}

// An unhandled rejection fails the test: it would end a process of its own.
for (const [fault, sqlState] of [
  ['takes no writes any more', '25006'],
  ['has no room left', '53100'],
  ['ends statements that take long', '57014'],
] as const)
  test(`a database that ${fault} the moment a job is over: the process lives, and works on`, async () => {
    const did: string[] = [];
    const reported: string[] = [];
    const queue = await openJobQueue({
      pool: database.db.owner,
      concurrency: 1,
      onError: (message) => reported.push(message),
      handlers: {
        work({ name }) {
          did.push(String(name));
          return name === 'failing' ? Promise.reject(new Error('it failed')) : Promise.resolve();
        },
      },
    });
    const add = (name: string): Promise<void> =>
      queue.add({ task: 'work', payload: { name }, key: `${name} ${sqlState}` });
    try {
      await owner(
        `create or replace function refuse() returns trigger language plpgsql as
           $$ begin
             if old.locked_at is not null then raise 'not now' using errcode = '${sqlState}'; end if;
             if tg_op = 'DELETE' then return old; end if;
             return new;
           end $$`,
      );
      await owner('drop trigger if exists refuse on graphile_worker._private_jobs');
      await owner(
        'create trigger refuse before update or delete on graphile_worker._private_jobs for each row execute function refuse()',
      );
      await add('well');
      await add('failing');
      await until(
        () =>
          did.length === 2 && reported.filter((line) => line.includes(`noted (${sqlState})`)).length === 2,
      );
      await owner('drop trigger refuse on graphile_worker._private_jobs');
      await add('well');
      await until(() => did.length === 3);
      assert.deepEqual(did.toSorted(), ['failing', 'well', 'well']);
    } finally {
      await queue.stop();
    }
  });
