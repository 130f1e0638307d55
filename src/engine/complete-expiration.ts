import { countExpiration, describeExpired } from '#core/plan/expiration-verdict.ts';
import type { RunState } from '#core/run/run-state.ts';
import { expiredPrefix, expiredSystemName } from '#core/schedule/expired-names.ts';
import { must } from '#lib/assert.ts';
import { inTenant } from '#storage/database.ts';
import { closeNotices } from '#storage/notices/raise-notice.ts';
import { readPlanCounts } from '#storage/plan/count-plan.ts';
import { countFailures } from '#storage/plan/plan-rows.ts';
import { lockQuarantineState } from '#storage/profiles/quarantine.ts';
import { moveExpiredClasses, renameExpiredIds } from '#storage/runs/archive-classes.ts';
import { openBatch } from '#storage/runs/batch-fence.ts';
import { markUnbroken } from '#storage/runs/finish-run.ts';
import { renewLease, saveProgress } from '#storage/runs/lease-run.ts';
import { transitionRun } from '#storage/runs/transition-run.ts';

import { appliedCounts } from './applied-counts.ts';
import type { EngineContext } from './engine-context.ts';
import { COMPLETE } from './run-progress.ts';
import type { RunScope } from './run-scope.ts';

/**
 * The classes are marked: they are archived in the transaction that completes the run, so that a renewed profile finds them either
 * archived or to be archived. It says nothing about a source, so errors, escrow and the times of the profile stay as they are.
 * Lock order: profile, run, rows of this source system alone, counter, classes.
 */
export async function completeExpiration(
  context: EngineContext,
  { run, tenantId, progress }: RunScope,
  timings: Readonly<Record<string, number>>,
): Promise<RunState> {
  const { newId } = context.system;
  const expiredOn = must(run.expiredOn, 'a run of an expiration has its date');
  await progress.flush();
  return inTenant(context.db, tenantId, async (tx) => {
    await lockQuarantineState(tx, run.profileId);
    // The fence, before anything that takes long.
    const { leaseSeconds } = context.settings;
    await renewLease(tx, { runId: run.id, epoch: run.epoch, leaseSeconds });
    const { sourceSystemId } = run;
    const systemId = newId();
    const prefix = expiredPrefix(expiredOn);
    const systemName = await moveExpiredClasses(tx, {
      sourceSystemId,
      newSystemId: systemId,
      nameOf: (name) => expiredSystemName(name, expiredOn),
      expiredOn,
      prefix,
      runId: run.id,
    });
    // A batch without items: a change_seq, and another generation of the snapshot, which has lost these records.
    const changeSeq = await openBatch(tx, { runId: run.id, epoch: run.epoch, sourceSystemId, lastItemNo: 0 });
    await renameExpiredIds(tx, { systemId, prefix, changeSeq });
    await markUnbroken(tx, run.profileId);
    await closeNotices(tx, run.profileId, { event: 'held' });
    await saveProgress(tx, run.id, run.epoch, COMPLETE);
    const failures = await countFailures(tx, run.id);
    const counts = await appliedCounts(tx, run, failures);
    return transitionRun(tx, {
      runId: run.id,
      epoch: run.epoch,
      from: 'applying',
      event: 'appliedAll',
      actor: context.worker,
      eventId: newId(),
      detail: { failures, archivedIn: systemName },
      changes: {
        release: true,
        finished: true,
        errorCode: null,
        message: describeExpired(countExpiration(await readPlanCounts(tx, run.id)), expiredOn, systemName),
        timings,
        ...counts,
      },
    });
  });
}
