import { judge, type PlanCount, type Verdict } from '#core/plan/verdict.ts';
import { KINDS, type Kind } from '#core/roster/kinds.ts';
import type { ProfileSettings } from '#core/run/profile-settings.ts';
import type { RunState } from '#core/run/run-state.ts';
import { messageOf } from '#lib/errors.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import { joinByHash } from '#storage/plan/join-by-hash.ts';
import { countPlanItems, savePlan } from '#storage/plan/plan-rows.ts';
import {
  failDependants,
  failRepeatedUserNames,
  isMatchProperty,
  resolveMatches,
  resolveTakenUserNames,
} from '#storage/plan/resolve-identities.ts';
import {
  hasLinks,
  type PlanScope,
  resolveAbsentRecords,
  resolveKnownRecords,
} from '#storage/plan/resolve-links.ts';
import { markAccepted, markActivity, replaceRecordErrors } from '#storage/runs/finish-run.ts';
import { transitionRun } from '#storage/runs/transition-run.ts';
import type { MappingSettings, StageResult } from '#sources/contract.ts';
import { preparedSnapshot } from '#sources/snapshot/prepared-snapshot.ts';

import type { EngineContext } from './engine-context.ts';
import { tellHeld } from './notices/tell-run.ts';
import { runCounts } from './run-counts.ts';
import type { RunScope } from './run-scope.ts';

export interface StagedRun {
  readonly result: StageResult;
  readonly mapping: MappingSettings;
  readonly settings: ProfileSettings;
}

/** From so many items on it is quicker to read all records of the source than to look each up. */
const MANY_ITEMS = 10_000;

/**
 * Makes the plan: tells from the directory what each staged item really does, judges the whole, stores plan and verdict.
 * One transaction: a plan is complete or it is not there.
 */
export async function planRun(context: EngineContext, scope: RunScope, staged: StagedRun): Promise<RunState> {
  const { run, tenantId } = scope;
  scope.progress.report({ stage: 'planning', percent: 45 });
  const startedMs = performance.now();
  const state = await inTenant(context.db, tenantId, async (tx) => {
    const counts = staged.result.itemCount === 0 ? [] : await resolveItems(tx, scope, staged);
    const verdict = judge(
      counts,
      activeByKind(staged.result),
      staged.settings.deactivationLimit,
      staged.settings.alwaysAsk,
    );
    await savePlan(tx, {
      runId: run.id,
      rosterHash: staged.result.rosterHash,
      itemCount: staged.result.itemCount,
      counts,
      verdict,
    });
    const held = verdict.outcome === 'held' && !run.verdictAccepted;
    if (staged.result.itemCount > 0) await markActivity(tx, run.profileId);
    if (!held) await markAccepted(tx, run.profileId, run.id);
    if (held) await replaceRecordErrors(tx, run.profileId, run.id);
    if (held) await tellHeld(tx, context, run, heldCode(verdict), verdict.reasons);
    return transitionRun(tx, {
      runId: run.id,
      epoch: run.epoch,
      from: 'planning',
      event: held ? 'stopped' : 'planned',
      actor: context.worker,
      eventId: context.system.newId(),
      detail: { counts, verdict },
      changes: {
        planned: true,
        counts: runCounts(
          {
            ...staged.result,
            timings: { ...staged.result.timings, plan: Math.round(performance.now() - startedMs) },
          },
          counts,
        ),
        errorCode: held ? heldCode(verdict) : null,
        message: held ? verdict.reasons.map(({ message }) => message).join('; ') : null,
        release: held,
      },
    });
  });
  await confirmSnapshot(context, scope);
  return state;
}

/** The plan is stored; so what its stage prepared is the snapshot that belongs to it. */
async function confirmSnapshot(context: EngineContext, { run, tenantId }: RunScope): Promise<void> {
  const place = { directory: context.snapshotsDirectory, tenantId, sourceSystemId: run.sourceSystemId };
  await preparedSnapshot(place, run.id)
    .confirm(run.epoch)
    .catch((error: unknown) => {
      context.log.warn(
        { runId: run.id, error: messageOf(error) },
        'the snapshot could not be kept; the next run compares with the directory',
      );
    });
}

async function resolveItems(
  tx: Tx,
  { run }: RunScope,
  { mapping, settings, result }: StagedRun,
): Promise<PlanCount[]> {
  const scope: PlanScope = { runId: run.id, sourceSystemId: run.sourceSystemId };
  if (result.itemCount >= MANY_ITEMS) await joinByHash(tx);
  if (await hasLinks(tx, scope)) {
    await resolveKnownRecords(tx, scope);
    await resolveAbsentRecords(tx, scope);
  }
  // User names are compared in any case, which no index serves; and failures are joined with items.
  await joinByHash(tx);
  const { student, teacher } = result.kinds;
  if (student.created + student.updated + teacher.created + teacher.updated === 0) {
    return countPlanItems(tx, run.id);
  }
  if (mapping.identity.mode === 'create') {
    await resolveTakenUserNames(tx, scope, settings.linkByUserName);
    await failRepeatedUserNames(tx, scope);
  } else {
    for (const kind of ['student', 'teacher'] as const) {
      const target = mapping.identity.options[kind]?.targetProperty ?? 'userPrincipalName';
      await resolveMatches(tx, scope, kind, isMatchProperty(target) ? target : 'userPrincipalName');
    }
  }
  await failDependants(tx, scope);
  return countPlanItems(tx, run.id);
}

function activeByKind(result: StageResult): Record<Kind, number> {
  return Object.fromEntries(KINDS.map((kind) => [kind, result.kinds[kind].before])) as Record<Kind, number>;
}

function heldCode(verdict: Verdict): 'VerdictHeld' | 'ApprovalNeeded' {
  return verdict.reasons.every(({ code }) => code === 'alwaysAsk') ? 'ApprovalNeeded' : 'VerdictHeld';
}
