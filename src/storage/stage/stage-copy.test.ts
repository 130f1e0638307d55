import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { RECORD_WORDS } from '#core/roster/record-codes.ts';
import { realSystem } from '#lib/system.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';

import { uuidBytes } from './binary-copy-writer.ts';
import { PlanItemCopy } from './stage-copy.ts';
import { openStageSession } from './stage-session.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

const UNIQUE_VIOLATION = '23505';
/** So many fill more than one block. */
const MANY = 5_000;

function addItems(copy: PlanItemCopy, itemNo: (index: number) => number): void {
  const records = new Int32Array(RECORD_WORDS);
  for (let index = 0; index < MANY; index += 1)
    copy.add(
      {
        itemNo: itemNo(index),
        kind: 'org',
        action: 'create',
        reason: 'newInSource',
        entry: 0,
        firstEntry: -1,
        secondEntry: -1,
        thirdEntry: -1,
        sourceId: 'S1',
        schoolId: null,
        objectId: null,
        after: null,
        secret: null,
        file: 'school.csv',
        line: 1,
      },
      { words: records, locate: () => 0 },
    );
}

// A full disk is one of these refusals: without its code the run would be blamed on the profile.
for (const [what, end] of [
  ['more items follow', (copy: PlanItemCopy) => (addItems(copy, (index) => index + MANY), copy.drain())],
  ['the items end', (copy: PlanItemCopy) => copy.finish()],
] as const)
  test(`PostgreSQL refuses a COPY while nothing is on its way, then ${what}: the error is PostgreSQL's`, async () => {
    const runId = realSystem.newId();
    const session = await openStageSession(database.db.appConnectionString, database.tenantId, runId);
    try {
      await session.begin();
      const copy = new PlanItemCopy(session.client, uuidBytes(runId));
      addItems(copy, () => 1);
      const refused = new Promise((resolve) =>
        (session.client as unknown as { connection: NodeJS.EventEmitter }).connection.once(
          'errorMessage',
          resolve,
        ),
      );
      await copy.drain();
      await refused;
      await assert.rejects(async () => end(copy), { code: UNIQUE_VIOLATION });
    } finally {
      await session.close();
    }
  });
