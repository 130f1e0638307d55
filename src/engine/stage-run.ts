import { judgeStage } from '#core/validate/judge-stage.ts';
import { type ProfileSettings, readProfileSettings } from '#core/run/profile-settings.ts';
import type { RunState } from '#core/run/run-state.ts';
import { readSealedUpload } from '#files/read-sealed-upload.ts';
import { must } from '#lib/assert.ts';
import { OperationalError } from '#lib/errors.ts';
import { inTenant } from '#storage/database.ts';
import { discardStaged, saveFindingCounts } from '#storage/plan/plan-rows.ts';
import { findProfile } from '#storage/profiles/find-profile.ts';
import { replaceRecordErrors } from '#storage/runs/finish-run.ts';
import { renewLease } from '#storage/runs/lease-run.ts';
import { endEarlierStages } from '#storage/stage/stage-session.ts';
import { transitionRun } from '#storage/runs/transition-run.ts';
import { readSealedHashKey } from '#storage/tenants/read-hash-key.ts';
import { type EarlierSet, findEarlierSets } from '#storage/uploads/find-earlier-sets.ts';
import { saveReading } from '#storage/uploads/save-reading.ts';
import type { MappingSettings, StageResult } from '#sources/contract.ts';
import type { EarlierStoredSet } from '#sources/merge/stored-set.ts';
import { runStage } from '#sources/run-stage.ts';

import type { EngineContext } from './engine-context.ts';
import type { ReceivedFile } from './judge-plan.ts';
import { tellStopped } from './notices/tell-run.ts';
import { toMappingSettings } from './profiles/to-mapping-settings.ts';
import { readListChanges } from './reference-lists.ts';
import { runCounts } from './run-counts.ts';
import { giveUpRetry } from './escrow/give-up-retry.ts';
import { isRetry, type RunScope } from './run-scope.ts';

export interface StageOutcome {
  readonly state: RunState;
  readonly result: StageResult;
  readonly mapping: MappingSettings;
  readonly settings: ProfileSettings;
  readonly received: readonly ReceivedFile[];
}

/** Reading takes this share of a run's progress; planning and applying the rest. */
const STAGE_PERCENT = 40;

/**
 * Reads and checks the sealed upload in a worker thread, which leaves items and findings in the database; then judges
 * whether planning may go on. What an earlier attempt of this run staged is thrown away first.
 */
export async function stageRun(context: EngineContext, scope: RunScope): Promise<StageOutcome> {
  const { run, tenantId, lease, progress } = scope;
  const { db } = context;
  const { profile, lists, hashKey, earlier } = await inTenant(db, tenantId, async (tx) => {
    // The fence: a worker that lost its lease must not throw away what the next one staged.
    await renewLease(tx, {
      runId: run.id,
      epoch: run.epoch,
      leaseSeconds: context.settings.leaseSeconds,
    });
    await endEarlierStages(tx, run.id);
    await discardStaged(tx, run.id);
    return {
      profile: must(await findProfile(tx, run.profileId)),
      lists: await readListChanges(tx),
      hashKey: context.secretBox.open(await readSealedHashKey(tx)),
      earlier: await findEarlierSets(tx, run.sourceSystemId, must(run.uploadId)),
    };
  });
  const settings = readProfileSettings(profile.settings);
  const mapping = toMappingSettings(profile, lists, settings);
  const upload = await readSealedUpload(db, context.secretBox, tenantId, must(run.uploadId));
  const result = await runStage(
    {
      tenantId,
      runId: run.id,
      epoch: run.epoch,
      knownSchema: db.schemaFence?.known,
      sourceSystemId: run.sourceSystemId,
      connectionString: db.appConnectionString,
      store: context.fileStore,
      upload: { ...upload, sealedAt: upload.sealedAt.toISOString() },
      earlier: openEarlierSets(context, earlier),
      mapping,
      format: settings.format === 'auto' ? null : settings.format,
      hashKey,
      secretKeys: context.secretKeys,
      snapshotsDirectory: context.snapshotsDirectory,
      confirmedFiles: run.confirmedFiles,
      zipLimits: context.settings.zipLimits,
      readThreads: context.settings.readThreads,
      findingLimits: context.settings.findingLimits,
    },
    {
      signal: lease.signal,
      onProgress: ({ stage, rowsDone, bytesDone, bytesTotal }) =>
        progress.report({
          stage,
          percent: bytesTotal === 0 ? 0 : Math.floor((bytesDone / bytesTotal) * STAGE_PERCENT),
          rowsDone,
          bytesDone,
          bytesTotal,
        }),
    },
  );
  const stop = judgeStage(result, settings.tolerance, run.toleranceWaived);
  const uploadId = result.mergedUpload?.uploadId ?? upload.uploadId;
  const state = await inTenant(db, tenantId, async (tx) => {
    await saveReading(tx, uploadId, result.fatal ? null : result.format.name);
    if (stop !== null && isRetry(run)) return giveUpRetry(tx, context, scope, stop);
    await saveFindingCounts(tx, run.id, result.findingCounts);
    if (!run.planOnly) {
      if (stop !== null) await replaceRecordErrors(tx, run.profileId, run.id);
      await tellStopped(tx, context, run, stop, result);
    }
    return transitionRun(tx, {
      runId: run.id,
      epoch: run.epoch,
      from: 'staging',
      event: stop === null ? 'staged' : 'stopped',
      actor: context.worker,
      eventId: context.system.newId(),
      ...(stop === null ? {} : { detail: stop }),
      changes: {
        staged: true,
        counts: runCounts(result, null),
        errorCode: stop?.code ?? null,
        message: stop?.message ?? null,
        release: stop !== null,
      },
    });
  });
  return { state, result, mapping, settings, received: result.mergedUpload?.files ?? upload.files };
}

/** Of what is named, and read by nobody. */
const NO_KEY = Buffer.alloc(0);

/** As plain data for the thread. Most runs need none of them, so a key that cannot be opened any more breaks nothing: then there is no base. */
function openEarlierSets(
  { secretBox }: Pick<EngineContext, 'secretBox'>,
  earlier: readonly EarlierSet[],
): EarlierStoredSet[] {
  try {
    return earlier.map(({ wrappedKey, sealedAt, ...set }) => ({
      ...set,
      key: wrappedKey === null ? NO_KEY : secretBox.open(wrappedKey),
      sealedAt: sealedAt.toISOString(),
    }));
  } catch (error) {
    if (error instanceof OperationalError) return [];
    throw error;
  }
}
