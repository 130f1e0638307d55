/** What the end of a run does to the quarantine of its profile, in the database. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { DEFAULT_RETRY_POLICY } from '#core/run/retry.ts';
import type { QuarantineReason } from '#core/run/quarantine.ts';
import { openTelemetry } from '#core/telemetry/telemetry.ts';
import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { lockQuarantineState } from '#storage/profiles/quarantine.ts';
import { profileBench } from '#test/helpers/profile-commands.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';

import { DEFAULT_ENGINE_SETTINGS, type EngineContext } from './engine-context.ts';
import { getQuarantine, quarantineProfile } from './profiles/quarantine-profile.ts';
import { startProfile } from './profiles/start-profile.ts';
import { judgeBrokenRun, judgeCompletedRun } from './quarantine.ts';

const bench = await profileBench();
after(() => bench.close());
const engine: EngineContext = {
  db: bench.db,
  system: realSystem,
  secretBox: testSecretBox,
  secretKeys: [],
  log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  settings: { ...DEFAULT_ENGINE_SETTINGS, retry: DEFAULT_RETRY_POLICY },
  fileStore: { kind: 'local', directory: '/nowhere' },
  telemetry: openTelemetry(),
  snapshotsDirectory: '/nowhere',
  worker: 'test',
  wake: () => Promise.resolve(),
};

interface Run {
  readonly profileId: string;
  readonly runId: string;
}

let made = 0;
/** A run of a profile that was synchronized before, with a roster of a thousand people. */
async function runOfThousand(): Promise<Run> {
  const profileId = await bench.provisioned(`Failing ${(made += 1)}`);
  await bench.rows('update profile set last_synchronization_at = now() where id = $1', profileId);
  await bench.upload(profileId, 'student.csv');
  const { runId } = await startProfile(bench.context, bench.actor, profileId);
  await bench.setRun(runId, 'applying', { counts: { kinds: { student: { records: 1_000 } } } });
  return { profileId, runId };
}

/** The run is complete, and so many people could not be written. */
const complete = (run: Run, failures: number): Promise<QuarantineReason | null> =>
  inTenant(bench.db, bench.tenantId, async (tx) =>
    judgeCompletedRun(tx, engine, {
      ...run,
      before: await lockQuarantineState(tx, run.profileId),
      escrow: { ownFailures: failures, allFailures: failures, dropped: [] },
    }),
  );
const breakOff = (run: Run, inARow: number) =>
  inTenant(bench.db, bench.tenantId, (tx) => judgeBrokenRun(tx, engine, { ...run, inARow }));

const quarantineOf = ({ profileId }: Run) => getQuarantine(bench.context, bench.tenantId, profileId);
async function hasToWaitADay(run: Run): Promise<boolean> {
  const { nextAttemptAt } = await quarantineOf(run);
  return nextAttemptAt !== null && nextAttemptAt.getTime() > Date.now() + 23 * 3_600_000;
}
const eventsOf = async ({ profileId }: Run): Promise<unknown[]> =>
  (
    await bench.rows<{ told: unknown[] }>(
      `select array[event, detail ->> 'reason'] as told from profile_event
        where profile_id = $1 and event like 'quarantine%' order by at, id`,
      profileId,
    )
  ).map(({ told }) => told);
const noticesOf = ({ profileId }: Run): Promise<unknown[]> =>
  bench.rows('select event, reason_key from notice where profile_id = $1 order by id', profileId);
/** Its day is over. */
const makeDue = ({ profileId }: Run): Promise<unknown> =>
  bench.rows('update profile set quarantine_next_attempt_at = now() where id = $1', profileId);

const SHARE = 'EncounteredEscrowProportionThreshold';

test('the same reason again is counted and told once; another one is told, and the first time stays', async () => {
  const run = await runOfThousand();
  assert.equal(await complete(run, 401), SHARE);
  const { firstAt } = await quarantineOf(run);
  await makeDue(run);
  assert.equal(await complete(run, 500), SHARE);
  const again = await quarantineOf(run);
  assert.deepEqual([again.count, again.firstAt, await hasToWaitADay(run)], [2, firstAt, true]);
  assert.deepEqual(await eventsOf(run), [['quarantined', SHARE]]);

  await makeDue(run);
  assert.deepEqual(await breakOff(run, 1), { brokenRuns: 1, quarantined: true, retryInSeconds: 86_400 });
  const broken = await quarantineOf(run);
  assert.deepEqual([broken.reason, broken.count, await hasToWaitADay(run)], [SHARE, 2, true]);
  await breakOff(run, 5);
  const interrupted = await quarantineOf(run);
  assert.deepEqual(
    [interrupted.reason, interrupted.count, interrupted.firstAt, interrupted.brokenRuns],
    ['IngestionInterrupted', 1, firstAt, 5],
  );
  assert.deepEqual(await eventsOf(run), [
    ['quarantined', SHARE],
    ['quarantined', 'IngestionInterrupted'],
  ]);
  assert.equal(await complete(run, 10), null);
  const { quarantined, reason, nextAttemptAt } = await quarantineOf(run);
  assert.deepEqual(
    { quarantined, reason, nextAttemptAt },
    { quarantined: false, reason: null, nextAttemptAt: null },
  );
  assert.deepEqual((await eventsOf(run)).at(-1), ['quarantineLeft', 'IngestionInterrupted']);
});

test('what an administrator ordered stays as it is, whatever becomes of its runs; one that failed was the turn of the day', async () => {
  const run = await runOfThousand();
  await quarantineProfile(bench.context, bench.actor, run.profileId, 'The export is rebuilt.');
  const ordered = [['quarantined', 'QuarantinedOnDemand']];
  const ends: [string, () => Promise<unknown>, boolean][] = [
    ['complete', () => complete(run, 0), false],
    ['complete, and most of it failed', () => complete(run, 900), true],
    ['broken', () => breakOff(run, 1), true],
    ['broken for the tenth time', () => breakOff(run, 10), true],
  ];
  for (const [name, end, takesTurn] of ends) {
    await makeDue(run);
    await end();
    const { reason, count, note } = await quarantineOf(run);
    assert.deepEqual([reason, count, note], ['QuarantinedOnDemand', 1, 'The export is rebuilt.'], name);
    assert.equal(await hasToWaitADay(run), takesTurn, name);
    assert.deepEqual(await eventsOf(run), ordered, name);
    assert.deepEqual(await noticesOf(run), [], name);
  }
});

test('a profile that was never synchronized is judged by the share alone', async () => {
  const run = await runOfThousand();
  assert.equal(await complete(run, 201), 'EncounteredBaseEscrowThreshold');
  const first = await runOfThousand();
  await bench.rows('update profile set last_synchronization_at = null where id = $1', first.profileId);
  assert.equal(await complete(first, 201), null);
  assert.equal(await complete(first, 401), SHARE);
});

test('a run that broke off before somebody ordered a quarantine is not tried in a moment', async () => {
  const { profileId, runId } = await runOfThousand();
  await bench.setRun(runId, 'broken', { errorCode: 'InternalError' });
  await bench.rows(`update run set next_attempt_at = now() + interval '30 seconds' where id = $1`, runId);
  await quarantineProfile(bench.context, bench.actor, profileId, null);
  const { next_attempt_at: next } = await bench.latestRun(profileId);
  assert.ok(next instanceof Date && next.getTime() > Date.now() + 23 * 3_600_000, String(next));
});
