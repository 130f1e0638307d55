import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { FileStore } from '#files/file-store.ts';
import { realSystem } from '#lib/system.ts';
import { asOwner, inTenant } from '#storage/database.ts';
import { testDatabase } from '#test/helpers/database.ts';
import { insertProfile } from '#test/helpers/insert-profile.ts';

import { keepHouse } from './housekeeping.ts';

const STUDENT_ITEM = 4 * 200_000_000 + 1;

test('a place for uploads that fails keeps nobody from forgetting passwords', async () => {
  const database = await testDatabase();
  try {
    const { db, tenantId } = database;
    const profileId = await insertProfile(db, tenantId);
    const runId = realSystem.newId();
    await inTenant(db, tenantId, async (tx) => {
      await tx.query(
        `insert into run (tenant_id, id, profile_id, state, requested_by, finished_at, counts)
         values (current_tenant(), $1, $2, 'completed', 'test', now() - interval '2 days', '{}')`,
        [runId, profileId],
      );
      await tx.query(
        `insert into bulk.plan_item (run_id, item_no, kind, action, reason, key, secret)
         values ($1, $2, 'student', 'create', 'newInSource', gen_random_uuid(), '\\x07')`,
        [runId, STUDENT_ITEM],
      );
    });
    const lines: unknown[] = [];
    const log = {
      info: (line: unknown) => lines.push(line),
      warn: (line: unknown) => lines.push(line),
      error: (line: unknown) => lines.push(line),
    };
    const broken = new Error('the disk is gone');
    const files = { claim: () => Promise.reject(broken) } as unknown as FileStore;
    await assert.rejects(
      keepHouse({
        db,
        system: realSystem,
        files,
        claim: { installationId: realSystem.newId(), replaces: undefined },
        log,
        uploadRetentionDays: 30,
        runRetentionDays: 400,
        removeJobs: () => Promise.reject(new Error('the queue is gone, too')),
      }),
      broken,
    );
    const left = await asOwner(db, (tx) => tx.query('select 1 from bulk.plan_item where secret is not null'));
    assert.deepEqual(left, []);
  } finally {
    await database.close();
  }
});
