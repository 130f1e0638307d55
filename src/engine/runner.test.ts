import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { DEFAULT_RETRY_POLICY } from '#core/run/retry.ts';
import { openTelemetry } from '#core/telemetry/telemetry.ts';
import { realSystem } from '#lib/system.ts';
import { asOwner, type Database, inTenant } from '#storage/database.ts';
import { createTenant } from '#storage/tenants/create-tenant.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { insertProfile } from '#test/helpers/insert-profile.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';

import { DEFAULT_ENGINE_SETTINGS } from './engine-context.ts';
import { startRunner } from './runner.ts';

let database: TestDatabase;
let home: string;
before(async () => {
  database = await testDatabase();
  home = await mkdtemp(join(tmpdir(), 'rollbook-runner-'));
});
after(async () => {
  await database.close();
  await rm(home, { recursive: true });
});

async function makeTenant(name: string): Promise<string> {
  const id = realSystem.newId();
  await createTenant(database.db, { id, name, timeZone: 'UTC' }, testSecretBox);
  return id;
}

/** Queued runs, each of a profile of its own. They have no upload, so that each breaks off at once: only the order counts here. */
async function queueRuns(tenantId: string, runs: number, minutesAgo: number): Promise<void> {
  for (let run = 0; run < runs; run += 1) {
    const profileId = await insertProfile(database.db, tenantId);
    await inTenant(database.db, tenantId, (tx) =>
      tx.query(
        `insert into run (tenant_id, id, profile_id, state, requested_by, created_at)
         values (current_tenant(), $1, $2, 'queued', 'test', now() - make_interval(mins => $3))`,
        [realSystem.newId(), profileId, minutesAgo],
      ),
    );
  }
}

function contextOf(db: Database): Parameters<typeof startRunner>[0] {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  return {
    db,
    system: realSystem,
    secretBox: testSecretBox,
    secretKeys: [],
    log,
    settings: {
      ...DEFAULT_ENGINE_SETTINGS,
      retry: { ...DEFAULT_RETRY_POLICY, firstDelaySeconds: 3_600, maximumDelaySeconds: 3_600 },
    },
    fileStore: { kind: 'local', directory: join(home, 'uploads') },
    telemetry: openTelemetry(),
    snapshotsDirectory: join(home, 'snapshots'),
    worker: 'test',
  };
}

test('a tenant with many queued profiles does not delay the single runs of others behind all of its own', async () => {
  const large = await makeTenant('Large');
  const small = await makeTenant('Small');
  const tiny = await makeTenant('Tiny');
  await queueRuns(large, 12, 60);
  await queueRuns(small, 2, 10);
  await queueRuns(tiny, 1, 1);
  const runner = await startRunner(contextOf(database.db), { concurrency: 1, sweepSeconds: 1 });
  try {
    for (let attempt = 0; ; attempt += 1) {
      const [left] = await asOwner(database.db, (tx) =>
        tx.query<{ runs: number }>(`select count(*)::int as runs from run where state <> 'broken'`),
      );
      if (left?.runs === 0) break;
      assert.ok(attempt < 600, 'runs were left waiting');
      await realSystem.sleep(50);
    }
  } finally {
    await runner.stop();
  }
  const rows = await asOwner(database.db, (tx) =>
    tx.query<{ tenant_id: string }>('select tenant_id from run order by started_at'),
  );
  const names: Record<string, string> = { [large]: 'large', [small]: 'small', [tiny]: 'tiny' };
  const order = rows.map((row) => names[row.tenant_id]);
  assert.deepEqual(order.slice(0, 5), ['large', 'small', 'tiny', 'large', 'small']);
  assert.equal(order.length, 15);
});

test('a start whose first look for runs is refused, as beside a newer version, is no start that never ends', async () => {
  const db: Database = { ...database.db, schemaFence: { known: 1, work: 'executed' } };
  const runner = await startRunner(contextOf(db), { concurrency: 1 });
  await runner.stop();
  assert.equal(database.db.owner.totalCount, database.db.owner.idleCount, 'no connection is kept');
});
