/** How often in a row a run killed its worker, as the next claim counts it; and what becomes of the run. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { DEFAULT_RETRY_POLICY } from '#core/run/retry.ts';
import { openTelemetry } from '#core/telemetry/telemetry.ts';
import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { type ClaimedRun, claimRun } from '#storage/runs/claim-run.ts';
import { releaseLease, signOffLease } from '#storage/runs/lease-run.ts';
import { profileBench } from '#test/helpers/profile-commands.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';

import { DEFAULT_ENGINE_SETTINGS, type EngineContext } from './engine-context.ts';
import { planProfile } from './profiles/plan-profile.ts';
import { getProfileStatus } from './profiles/read-profiles.ts';
import { resumeProfile } from './profiles/resume-profile.ts';
import { startProfile } from './profiles/start-profile.ts';
import { executeRun } from './run-executor.ts';

const bench = await profileBench();
const home = await mkdtemp(join(tmpdir(), 'rollbook-deaths-'));
after(async () => {
  await bench.close();
  await rm(home, { recursive: true });
});
const { tenantId } = bench;
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const engine: EngineContext = {
  db: bench.db,
  system: realSystem,
  secretBox: testSecretBox,
  secretKeys: [],
  log,
  settings: { ...DEFAULT_ENGINE_SETTINGS, retry: DEFAULT_RETRY_POLICY },
  fileStore: { kind: 'local', directory: join(home, 'uploads') },
  telemetry: openTelemetry(),
  snapshotsDirectory: join(home, 'snapshots'),
  worker: 'the one that lives',
  wake: () => Promise.resolve(),
};

let made = 0;
async function startedRun(): Promise<{ profileId: string; runId: string }> {
  const profileId = await bench.provisioned(`Deadly ${(made += 1)}`);
  await bench.upload(profileId, 'school.csv');
  return { profileId, runId: (await startProfile(bench.context, bench.actor, profileId)).runId };
}

let workers = 0;
async function claim(runId: string, worker = `worker ${(workers += 1)}`): Promise<ClaimedRun> {
  const claimed = await inTenant(bench.db, tenantId, (tx) =>
    claimRun(tx, { runId, worker, leaseSeconds: 30, newId: realSystem.newId }),
  );
  assert.ok(typeof claimed === 'object');
  return claimed;
}

/** Its worker gives no sign of life any more. */
const endLease = (runId: string): Promise<unknown> =>
  bench.rows(`update run set lease_expires_at = now() - interval '1 second' where id = $1`, runId);

/** One worker after the other takes the run and dies; long enough ago. @returns the number that the last one found. */
async function dieOver(runId: string, times: number): Promise<number | undefined> {
  let found: number | undefined;
  for (let death = 0; death < times; death += 1) {
    found = (await claim(runId)).deaths?.count;
    await endLease(runId);
  }
  // The timeline is written once: as superuser.
  await bench.db.owner.query(
    `update run_event set at = at - interval '1 hour',
            detail = case when detail ? 'deaths' then jsonb_set(detail, '{deaths,since}', to_jsonb(now() - interval '1 hour')) else detail end
      where run_id = $1 and event = 'claimed'`,
    [runId],
  );
  return found;
}

async function runOf(runId: string): Promise<Record<string, unknown>> {
  const [run] = await bench.rows<Record<string, unknown>>(
    `select state, error_code as code, attempt, next_attempt_at > now() + interval '23 hours' as tomorrow, lease_owner as owner from run where id = $1`,
    runId,
  );
  return run ?? {};
}

const execute = (runId: string): Promise<string> =>
  executeRun(engine, tenantId, runId, new AbortController().signal);

test('each claim of a run that its worker left counts; the first, and one of a run that was given back, do not', async () => {
  const { runId } = await startedRun();
  assert.equal((await claim(runId)).deaths, null);
  await endLease(runId);
  assert.equal((await claim(runId)).deaths?.count, 1);
  await endLease(runId);
  const { epoch, deaths } = await claim(runId);
  assert.equal(deaths?.count, 2);
  await inTenant(bench.db, tenantId, (tx) => releaseLease(tx, runId, epoch));
  assert.equal((await claim(runId)).deaths, null, 'a worker that is stopped in order');
  await endLease(runId);
  assert.equal((await claim(runId)).deaths?.count, 1, 'the row begins anew');
});

test('a worker that was told to stop, and was ended before it could give its run back, has not died', async () => {
  const { runId } = await startedRun();
  const { epoch } = await claim(runId);
  await inTenant(bench.db, tenantId, (tx) => signOffLease(tx, runId, epoch));
  await endLease(runId);
  const next = await claim(runId);
  assert.deepEqual([next.deaths, next.takenOver], [null, false]);
});

test('a worker that takes its own run over has not died: the database was away', async () => {
  const { runId } = await startedRun();
  await claim(runId, 'one');
  await endLease(runId);
  assert.equal((await claim(runId, 'one')).deaths, null);
});

test('a run that goes on between two deaths begins a new row', async () => {
  const { runId } = await startedRun();
  assert.equal(await dieOver(runId, 4), 3);
  await bench.rows(`update run set state = 'applying', planned_at = now() where id = $1`, runId);
  assert.equal((await claim(runId)).deaths?.count, 1);
  await endLease(runId);
  assert.equal((await claim(runId)).deaths?.count, 2);
  await endLease(runId);
  await bench.rows('update run set applied_item_no = 20 where id = $1', runId);
  assert.equal((await claim(runId)).deaths?.count, 1);
});

test('claims of an older version are not counted, and break nothing', async () => {
  const { runId } = await startedRun();
  await dieOver(runId, 3);
  await bench.db.owner.query(`update run_event set detail = detail - 'deaths' where run_id = $1`, [runId]);
  assert.equal((await claim(runId)).deaths?.count, 1);
});

test('five workers died over a run: it breaks off, its profile is in quarantine, and the status says why', async () => {
  const { profileId, runId } = await startedRun();
  await dieOver(runId, 5);
  assert.equal(await execute(runId), 'executed');
  assert.deepEqual(await runOf(runId), {
    state: 'broken',
    code: 'WorkerDied',
    attempt: 2,
    tomorrow: true,
    owner: null,
  });
  const status = await getProfileStatus(bench.context, tenantId, profileId, false);
  assert.equal(status.status, 'quarantined');
  assert.match(
    status.statusMessage,
    /IngestionInterrupted.*5 times in a row a run broke off\. 5 workers in a row died over this run.*memory.*rollbook doctor.*resume/u,
  );
  const [notice] = await bench.rows<{ event: string; reason_key: string }>(
    'select event, reason_key from notice where run_id = $1',
    runId,
  );
  assert.deepEqual(notice, { event: 'quarantined', reason_key: 'WorkerDied' });
  assert.equal(await execute(runId), 'nothingToDo', 'it is left alone');

  // A day later: the machine still has too little memory. One worker is enough to know.
  await bench.rows('update run set next_attempt_at = now() where id = $1', runId);
  assert.equal(await dieOver(runId, 1), 5);
  await execute(runId);
  assert.equal((await runOf(runId))['code'], 'WorkerDied');
  assert.match(
    (await getProfileStatus(bench.context, tenantId, profileId, false)).statusMessage,
    /6 workers in a row/u,
  );

  // Somebody gave it more: a row of its own, and the upload is still there.
  await resumeProfile(bench.context, bench.actor, profileId);
  assert.equal(bench.wokenRuns.at(-1), runId);
  const resumed = await claim(runId);
  assert.deepEqual([resumed.deaths, resumed.uploadId === null], [null, false]);
});

test('four that died are not enough, nor are many within a minute', async () => {
  const few = await startedRun();
  await dieOver(few.runId, 4);
  await execute(few.runId);
  assert.notEqual((await runOf(few.runId))['code'], 'WorkerDied');
  const quick = await startedRun();
  for (let death = 0; death < 20; death += 1) {
    await claim(quick.runId);
    await endLease(quick.runId);
  }
  await execute(quick.runId);
  assert.notEqual((await runOf(quick.runId))['code'], 'WorkerDied');
});

test('a preview that its workers die over is over, and its profile is not blamed', async () => {
  const profileId = await bench.provisioned('Previewed');
  await bench.upload(profileId, 'school.csv');
  const runId = await planProfile(bench.context, bench.actor, profileId);
  await dieOver(runId, 5);
  await execute(runId);
  const run = await runOf(runId);
  assert.deepEqual([run['state'], run['code']], ['cancelled', 'WorkerDied']);
  assert.equal((await getProfileStatus(bench.context, tenantId, profileId, false)).status, 'paused');
});
