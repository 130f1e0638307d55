import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { must } from '#lib/assert.ts';
import { realSystem } from '#lib/system.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { insertProfile } from '#test/helpers/insert-profile.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';

import { backup } from './backup.ts';
import { asOwner, inTenant } from './database.ts';
import { nextChangeSeq } from './directory/next-change-seq.ts';
import { restore } from './restore.ts';
import { openBatch } from './runs/batch-fence.ts';
import { claimRun } from './runs/claim-run.ts';
import { LeaseLostError } from './runs/lease-run.ts';

let database: TestDatabase;
let folder: string;
before(async () => {
  database = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'rollbook-timeline-'));
});
after(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});
const secretBox = testSecretBox;

test('a worker that was at work when the database was put back goes on with nothing', async () => {
  const { db, tenantId } = database;
  const profileId = await insertProfile(db, tenantId);
  const runId = realSystem.newId();
  const sourceSystemId = await inTenant(db, tenantId, async (tx) => {
    await tx.query(
      `insert into run (tenant_id, id, profile_id, state, requested_by, planned_at) values (current_tenant(), $1, $2, 'queued', 'test', now())`,
      [runId, profileId],
    );
    const rows = await tx.query<{ id: string }>('select source_system_id as id from profile where id = $1', [
      profileId,
    ]);
    return must(rows[0]).id;
  });
  const claim = await inTenant(db, tenantId, (tx) =>
    claimRun(tx, { runId, worker: 'frozen', leaseSeconds: 600, newId: realSystem.newId }),
  );
  assert.ok(typeof claim === 'object' && claim.state === 'applying');
  const batch = (lastItemNo: number): Promise<number> =>
    inTenant(db, tenantId, (tx) => openBatch(tx, { runId, epoch: claim.epoch, sourceSystemId, lastItemNo }));
  await batch(1_000);
  const path = join(folder, 'applying.backup');
  await backup(db, path, { secretBox });
  // Items 1001 to 2000 are applied after the backup: what is restored does not have them.
  await batch(2_000);
  await restore(db, path, { secretBox, force: true });

  await assert.rejects(batch(3_000), LeaseLostError);
  const rows = await asOwner(db, (tx) => tx.query('select applied_item_no from run'));
  assert.deepEqual(rows, [{ applied_item_no: 1_000 }], 'items 1001 to 2000 are applied again');
  // Whoever comes next need not wait for a lease of another time.
  const next = await inTenant(db, tenantId, (tx) =>
    claimRun(tx, { runId, worker: 'next', leaseSeconds: 600, newId: realSystem.newId }),
  );
  assert.ok(typeof next === 'object' && next.appliedItemNo === 1_000);
});

test('a backup that is restored twice never gives a number twice', async () => {
  const { db, tenantId } = database;
  const path = join(folder, 'twice.backup');
  await backup(db, path, { secretBox });
  await restore(db, path, { secretBox, force: true });
  const seen = await inTenant(db, tenantId, nextChangeSeq);
  await restore(db, path, { secretBox, force: true });
  const again = await inTenant(db, tenantId, nextChangeSeq);
  assert.ok(again > seen, `${again} was given before`);
});
