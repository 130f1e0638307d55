/** Which run an undo of an expiration is, when it is asked for. What it does: test/scenarios/expiration-undo.test.ts. */
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';

import { profileBench } from '#test/helpers/profile-commands.ts';

import { planProfile } from './plan-profile.ts';
import { startProfile } from './start-profile.ts';
import { undoExpiration } from './undo-expiration.ts';

const bench = await profileBench();
after(() => bench.close());
const { newId } = bench.context.system;

let made = 0;
let id = '';
let synced = '';
let older = '';
let newer = '';
beforeEach(async () => {
  id = await bench.provisioned(`Expired ${(made += 1)}`);
  synced = await start();
  await bench.setRun(synced, 'completed');
  older = await expired('2025-06-30');
  newer = await expired('2026-06-30');
});

async function start(): Promise<string> {
  await bench.upload(id, 'school.csv');
  return (await startProfile(bench.context, bench.actor, id)).runId;
}
/** An expiration that keeps a class. @returns its run. */
async function expired(expiredOn: string): Promise<string> {
  const [keptIn, runId] = [newId(), newId()];
  await bench.rows(
    `insert into source_system (tenant_id, id, name, expired_on, expiration_run_id, expired_from_id, created_at)
     select current_tenant(), $2, 'Expired', $3, $4, source_system_id, $3::date from profile where id = $1`,
    id,
    keptIn,
    expiredOn,
    runId,
  );
  await bench.rows(
    `insert into link (tenant_id, source_system_id, kind, source_id, key, content, object_id, attributes)
     values (current_tenant(), $1, 'class', 'C1', $2, 0, $2, '{}')`,
    keptIn,
    newId(),
  );
  return runId;
}
const undo = (expirationRunId: string | null = null): Promise<string> =>
  undoExpiration(bench.context, bench.actor, id, expirationRunId);
/** The plan of the undo waits for an approval. */
const hold = (runId: string): Promise<void> => bench.setRun(runId, 'held', { errorCode: 'ApprovalNeeded' });
const stateOf = async (runId: string): Promise<unknown> =>
  (await bench.rows<{ state: string }>('select state from run where id = $1', runId))[0]?.state;
const undoes = async (runId: string): Promise<unknown> =>
  (
    await bench.rows<{ id: string }>(
      `select s.expiration_run_id as id from run r join source_system s on s.id = r.kept_in_id where r.id = $1`,
      runId,
    )
  )[0]?.id;

test('the newest expiration that still keeps something, or the one that is named', async () => {
  const first = await undo();
  assert.equal(await undoes(first), newer);
  await bench.setRun(first, 'cancelled');
  const named = await undo(older.toUpperCase());
  assert.equal(await undoes(named), older);
  await bench.setRun(named, 'cancelled');
  // All of the newest one is put back.
  await bench.rows(
    `update link l set source_system_id = s.expired_from_id from source_system s
      where l.source_system_id = s.id and s.expiration_run_id = $1`,
    newer,
  );
  assert.equal(await undoes(await undo()), older);
  await assert.rejects(undo(newer), { name: 'ConflictError', message: /was undone already/u });
});

test('asked again while it is on its way or waits, it is the same run', async () => {
  const runId = await undo();
  assert.equal(await undo(), runId);
  await bench.setRun(runId, 'planning');
  assert.equal(await undo(), runId);
  await hold(runId);
  assert.equal(await undo(), runId);
});

test('a plan of another expiration gives way, and so does one that has become stale', async () => {
  const runId = await undo();
  await hold(runId);
  const other = await undo(older);
  assert.equal(await stateOf(runId), 'cancelled');
  assert.equal(await stateOf(other), 'queued');
  await hold(other);
  await bench.rows('update profile set accepted_run_id = $2 where id = $1', id, synced);
  const anew = await undo(older);
  assert.equal(await stateOf(other), 'cancelled');
  assert.equal(await stateOf(anew), 'queued');
});

test('a preview that is queued gives way; a sync that is under way does not', async () => {
  const preview = await planProfile(bench.context, bench.actor, id);
  const runId = await undo();
  assert.equal(await stateOf(preview), 'superseded');
  await bench.setRun(runId, 'cancelled');
  const sync = await start();
  for (const state of ['queued', 'staging', 'suspended', 'broken'] as const) {
    await bench.setRun(sync, state);
    await assert.rejects(undo(), {
      name: 'ConflictError',
      message: new RegExp(`under way \\(${state}\\)`, 'u'),
    });
  }
  await bench.setRun(sync, 'held', { errorCode: 'VerdictHeld' });
  assert.equal(await stateOf(await undo()), 'queued');
});
