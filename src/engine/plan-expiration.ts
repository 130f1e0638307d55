import { createHash } from 'node:crypto';

import { judgeExpiration } from '#core/plan/expiration-verdict.ts';
import type { Verdict } from '#core/plan/verdict.ts';
import { readProfileSettings } from '#core/run/profile-settings.ts';
import type { RunState } from '#core/run/run-state.ts';
import { type ClassNames, expiredNames, expiredPrefix } from '#core/schedule/expired-names.ts';
import { must } from '#lib/assert.ts';
import { inTenant, planning, type Tx } from '#storage/database.ts';
import { countPlan } from '#storage/plan/count-plan.ts';
import { joinByHash, joinFreely } from '#storage/plan/join-by-hash.ts';
import {
  insertExpiredClasses,
  insertStudentEndings,
  readClassesToExpire,
  readNicknamesWithPrefix,
} from '#storage/plan/plan-expired-classes.ts';
import { discardStaged, savePlan } from '#storage/plan/plan-rows.ts';
import { resolveAbsentRecords } from '#storage/plan/resolve-links.ts';
import { findProfile } from '#storage/profiles/find-profile.ts';
import { readAcceptedRunId } from '#storage/runs/accept-run.ts';
import { renewLease } from '#storage/runs/lease-run.ts';
import { transitionRun } from '#storage/runs/transition-run.ts';

import { endPlanningFromDirectory } from './end-planning-from-directory.ts';
import type { EngineContext } from './engine-context.ts';
import { planHashOf, totalsOf } from './plan-run.ts';
import type { HeldCount } from './run-counts.ts';
import type { RunScope } from './run-scope.ts';

/** There are no files to read: what an earlier attempt left is thrown away, and planning begins. */
export async function stageExpiration(
  context: EngineContext,
  { run, tenantId }: RunScope,
): Promise<RunState> {
  return inTenant(context.db, tenantId, async (tx) => {
    // The fence, as in stageRun.
    const { leaseSeconds } = context.settings;
    await renewLease(tx, { runId: run.id, epoch: run.epoch, leaseSeconds });
    await discardStaged(tx, run.id);
    return transitionRun(tx, {
      runId: run.id,
      epoch: run.epoch,
      from: 'staging',
      event: 'staged',
      actor: context.worker,
      eventId: context.system.newId(),
      changes: { staged: true },
    });
  });
}

/**
 * Makes the plan of what follows the expiration of a profile, from the directory alone: every active class is marked as expired and,
 * if the profile says so, the places of students in them end. It waits for an approval, whatever the profile lets pass otherwise; a
 * plan without an item passes.
 */
export async function planExpiration(
  context: EngineContext,
  { run, tenantId, progress }: RunScope,
): Promise<RunState> {
  progress.report({ stage: 'planning', percent: 45 });
  return inTenant(context.db, tenantId, async (tx) => {
    const { counts, verdict } = await planning(tx, () => makePlan(tx, run));
    return endPlanningFromDirectory(context, tx, run, { counts, verdict });
  });
}

async function makePlan(
  tx: Tx,
  run: RunScope['run'],
): Promise<{ readonly counts: readonly HeldCount[]; readonly verdict: Verdict }> {
  const scope = { runId: run.id, sourceSystemId: run.sourceSystemId };
  const expiredOn = must(run.expiredOn, 'a run of an expiration has its date');
  const { schedule } = readProfileSettings(must(await findProfile(tx, run.profileId)).settings);
  const prefix = expiredPrefix(expiredOn);
  const names = expiredNames(
    await readClassesToExpire(tx, run.sourceSystemId, prefix),
    prefix,
    await readNicknamesWithPrefix(tx, prefix),
  );
  await insertExpiredClasses(tx, scope, names);
  if (schedule.onExpiration === 'expireClassesAndEndStudents') {
    await insertStudentEndings(tx, scope);
    await joinByHash(tx);
    await resolveAbsentRecords(tx, scope);
  }
  const counts = (await countPlan(tx, run.id)).map((count) => ({ ...count, held: 0 }));
  await joinFreely(tx);
  const verdict = judgeExpiration(counts, expiredOn);
  const baseRunId = await readAcceptedRunId(tx, run.profileId);
  const madeFrom = hashOf(expiredOn, schedule.onExpiration, names);
  await savePlan(tx, {
    runId: run.id,
    rosterHash: madeFrom,
    itemCount: counts.reduce((sum, { count }) => sum + count, 0),
    counts: totalsOf(counts),
    verdict,
    baseRunId,
    planHash: planHashOf(madeFrom, baseRunId, counts),
  });
  return { counts, verdict };
}

/** In place of the hash of files. */
function hashOf(expiredOn: string, onExpiration: string, names: readonly ClassNames[]): string {
  const hash = createHash('sha256').update(JSON.stringify([expiredOn, onExpiration]));
  for (const { key, displayName, mailNickname } of names)
    hash.update(`\n${JSON.stringify([key, displayName, mailNickname])}`);
  return hash.digest('hex');
}
