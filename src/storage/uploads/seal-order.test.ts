import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { insertProfile } from '#test/helpers/insert-profile.ts';
import { inTenant, type Tx } from '../database.ts';
import { insertQueuedRun } from '../runs/enqueue-run.ts';
import { openStageSession } from '../stage/stage-session.ts';
import { findEarlierSets } from './find-earlier-sets.ts';
import { openUpload } from './open-upload.ts';
import { saveMergedUpload } from './save-merged-upload.ts';
import { saveReading } from './save-reading.ts';
import { sealUpload } from './seal-upload.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

test('the clock was set back: a delta that is sealed while the one before is merged finds what came of that', async () => {
  const { db, tenantId } = database;
  const tenant = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inTenant(db, tenantId, work);
  const profileId = await insertProfile(db, tenantId);
  const { newId } = realSystem;
  const seal = async (): Promise<string> => {
    const { id } = await tenant((tx) =>
      openUpload(tx, profileId, () => ({ id: newId(), wrappedKey: Buffer.alloc(40, 1) })),
    );
    await tenant((tx) => sealUpload(tx, profileId));
    return id;
  };
  const whole = await seal();
  await tenant(async (tx) => {
    await saveReading(tx, whole, 'oneroster-1.2');
    await tx.query(`update upload set sealed_at = now() + interval '1 hour' where id = $1`, [whole]);
  });
  const first = await seal();
  const runId = newId();
  await tenant(async (tx) => {
    await insertQueuedRun(tx, {
      id: runId,
      profileId,
      uploadId: first,
      requestedBy: 'test',
      trigger: 'start',
      newId,
    });
    await tx.query(`update run set state = 'staging', epoch = 1 where id = $1`, [runId]);
  });
  // Its start is queued behind the run.
  const second = await seal();
  const merged = newId();
  const session = await openStageSession(db.appConnectionString, tenantId, runId);
  await session.begin();
  await saveMergedUpload(
    session.client,
    {
      id: merged,
      wrappedKey: Buffer.alloc(40, 1),
      format: 'oneroster-1.2',
      baseUploadId: whole,
      deltaUploadId: first,
      files: [],
    },
    { runId, epoch: 1 },
    true,
  );
  await session.commit();
  await session.close();
  const [base] = await tenant((tx) => findEarlierSets(tx, profileId, second));
  assert.equal(
    base?.uploadId,
    merged,
    `it is merged into ${base?.uploadId === whole ? 'the whole set: the first delta is lost' : 'another'}`,
  );
});
