import { createHash } from 'node:crypto';

import type { Certificate } from '#core/plan/certificate.ts';
import { describeReasons } from '#core/plan/held-parts.ts';
import type { PlanCount, Verdict } from '#core/plan/verdict.ts';
import type { VerdictReason } from '#core/plan/verdict-reason.ts';
import type { HeldCode } from '#core/run/held-because.ts';
import { MATCH_TARGETS, type MatchProperty } from '#core/run/profile.ts';
import { sharesUserIds } from '#core/roster/formats.ts';
import type { ProfileSettings } from '#core/run/profile-settings.ts';
import type { RunState } from '#core/run/run-state.ts';
import { inTenant, planning, type Tx } from '#storage/database.ts';
import { keepEscrowedItems } from '#storage/escrow/keep-escrowed-items.ts';
import { countPlan, readPlanCounts, resolveMoves } from '#storage/plan/count-plan.ts';
import { holdItems } from '#storage/plan/hold-items.ts';
import { aboutManyPeople, type IdentityRule } from '#storage/plan/identity-rule.ts';
import { joinByHash, joinFreely } from '#storage/plan/join-by-hash.ts';
import { savePlan } from '#storage/plan/plan-rows.ts';
import { failDependants, failRepeatedUserNames, resolveMatches } from '#storage/plan/resolve-identities.ts';
import { resolveIncomplete } from '#storage/plan/resolve-incomplete.ts';
import {
  hasLinks,
  type PlanScope,
  resolveAbsentRecords,
  resolveKnownRecords,
} from '#storage/plan/resolve-links.ts';
import {
  failContestedIds,
  failDoubtfulUsers,
  linkNewUsers,
  linkToKnownUsers,
} from '#storage/plan/resolve-same-users.ts';
import { resolveTakenUserNames } from '#storage/plan/taken-user-names.ts';
import { markAccepted, markActivity, replaceRecordErrors } from '#storage/runs/finish-run.ts';
import { readAcceptedRunId } from '#storage/runs/accept-run.ts';
import { transitionRun } from '#storage/runs/transition-run.ts';
import type { MappingSettings, MatchOption, StageResult } from '#sources/contract.ts';
import { preparedSnapshot } from '#sources/snapshot/prepared-snapshot.ts';

import type { EngineContext } from './engine-context.ts';
import { certifyRun, judgePlan, type ReceivedFile } from './judge-plan.ts';
import { tellHeld } from './notices/tell-run.ts';
import { type HeldCount, runCounts } from './run-counts.ts';
import { isRetry, type RunScope } from './run-scope.ts';
import { countPlanned } from './run-telemetry.ts';

export interface StagedRun {
  readonly result: StageResult;
  readonly mapping: MappingSettings;
  readonly settings: ProfileSettings;
  readonly received: readonly ReceivedFile[];
}

/**
 * Makes the plan: tells from the directory what each staged item really does, judges the whole, sets aside what has to wait, stores
 * plan, verdict and certificate. One transaction: a plan is complete or it is not there. Until the plan is stored the transaction
 * cannot write the directory.
 */
export async function planRun(context: EngineContext, scope: RunScope, staged: StagedRun): Promise<RunState> {
  const { run, tenantId, progress } = scope;
  const { result } = staged;
  progress.report({ stage: 'planning', percent: 45 });
  const startedMs = performance.now();
  const { state, planned } = await inTenant(context.db, tenantId, async (tx) => {
    const plan = await planning(tx, () => makePlan(tx, scope, staged));
    const { counts, verdict, certificate } = plan;
    const waits = run.planOnly || (verdict.outcome === 'held' && !run.verdictAccepted);
    const code = waits ? heldCode(verdict, run.planOnly) : null;
    if (!run.planOnly) {
      if (plan.itemCount > 0 && !isRetry(run)) await markActivity(tx, run.profileId);
      if (code === null) await markAccepted(tx, run.profileId, run.id);
      else {
        await replaceRecordErrors(tx, run.profileId, run.id);
        await tellHeld(tx, context, run, code, verdict.reasons);
      }
    }
    const next = await transitionRun(tx, {
      runId: run.id,
      epoch: run.epoch,
      from: 'planning',
      event: waits ? 'stopped' : 'planned',
      actor: context.worker,
      eventId: context.system.newId(),
      detail: { counts: totalsOf(counts), verdict },
      changes: {
        planned: true,
        counts: runCounts(
          { ...result, timings: { ...result.timings, plan: Math.round(performance.now() - startedMs) } },
          counts,
        ),
        certificate,
        errorCode: code,
        message: waits ? waitingMessage(verdict, run.planOnly) : null,
        release: waits,
      },
    });
    return { state: next, planned: counts };
  });
  countPlanned(context, planned);
  await confirmSnapshot(context, scope);
  return state;
}

interface MadePlan {
  readonly itemCount: number;
  readonly counts: HeldCount[];
  readonly verdict: Verdict;
  readonly certificate: Certificate;
}

async function makePlan(tx: Tx, scope: RunScope, staged: StagedRun): Promise<MadePlan> {
  const { run } = scope;
  const { result } = staged;
  const retry = isRetry(run);
  const itemCount = retry ? await keepEscrowedItems(tx, run.id) : result.itemCount;
  const planned = itemCount === 0 ? [] : await resolveItems(tx, scope, staged);
  await joinFreely(tx);
  const certificate = await certifyRun(tx, scope, staged);
  // What a retry brings in was in a plan that was let pass; it ends nothing, so there is nothing to ask.
  const verdict: Verdict = retry
    ? { outcome: 'clean', reasons: [] }
    : await judgePlan(tx, scope, staged, planned, certificate);
  const parts = partsToHold(verdict, run.verdictAccepted, run.addsOnly, planned);
  if (parts !== null) await holdItems(tx, { runId: run.id, sourceSystemId: run.sourceSystemId }, parts);
  const counts =
    parts === null ? planned.map((count) => ({ ...count, held: 0 })) : await readPlanCounts(tx, run.id);
  const baseRunId = await readAcceptedRunId(tx, run.profileId);
  const totals = totalsOf(counts);
  await savePlan(tx, {
    runId: run.id,
    rosterHash: result.rosterHash,
    itemCount,
    counts: totals,
    verdict,
    baseRunId,
    planHash: planHashOf(result.rosterHash, baseRunId, counts),
  });
  return { itemCount, counts, verdict, certificate };
}

/** What of a plan that is applied has to wait; null: nothing. A plan that waits as a whole, or was accepted, is applied as a whole later. */
function partsToHold(
  verdict: Verdict,
  accepted: boolean,
  addsOnly: boolean,
  counts: readonly PlanCount[],
): Parameters<typeof holdItems>[2] | null {
  const schools = new Map<string, VerdictReason[]>();
  const files = new Map<string, VerdictReason>();
  if (verdict.outcome === 'partlyHeld' && !accepted) {
    for (const reason of verdict.reasons.filter(({ holds }) => holds)) {
      if (reason.file !== undefined) files.set(reason.file, reason);
      else if (reason.school !== undefined)
        schools.set(reason.school, [...(schools.get(reason.school) ?? []), reason]);
    }
  }
  const endings = counts.some(
    ({ action }) => action === 'end' || action === 'deactivate' || action === 'move',
  );
  // What waits as a whole is not put off: whoever approves it, approves its endings.
  const putOff = addsOnly && endings && verdict.outcome !== 'held';
  return schools.size > 0 || files.size > 0 || putOff ? { schools, files, addsOnly: putOff } : null;
}

/** By kind and action, over all schools. */
export function totalsOf(counts: readonly HeldCount[]): { kind: string; action: string; count: number }[] {
  const totals = new Map<string, { kind: string; action: string; count: number }>();
  for (const { kind, action, count } of counts) {
    const key = `${kind} ${action}`;
    const total = totals.get(key) ?? { kind, action, count: 0 };
    total.count += count;
    totals.set(key, total);
  }
  return [...totals.values()];
}

/** Pins an approval to this plan: made from this roster, on top of that accepted run, with these changes. */
export function planHashOf(
  rosterHash: string,
  baseRunId: string | null,
  counts: readonly HeldCount[],
): string {
  const lines = counts.map(({ school, kind, action, count }) =>
    JSON.stringify([school, kind, action, count]),
  );
  return createHash('sha256')
    .update([rosterHash, baseRunId ?? '', ...lines.toSorted()].join('\n'))
    .digest('hex');
}

/** The plan is stored; so what its stage prepared is the snapshot that belongs to it. */
async function confirmSnapshot(context: EngineContext, { run, tenantId }: RunScope): Promise<void> {
  const place = { directory: context.snapshotsDirectory, tenantId, sourceSystemId: run.sourceSystemId };
  await preparedSnapshot(place, run.id)
    .confirm(run.epoch)
    .catch((error: unknown) => {
      context.log.warn(
        { runId: run.id, err: error },
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
  await joinByHash(tx);
  const known = await hasLinks(tx, scope);
  if (known) {
    await resolveKnownRecords(tx, scope);
    if (result.incomplete > 0) await resolveIncomplete(tx, scope);
    await resolveAbsentRecords(tx, scope);
  }
  const { student, teacher, role, class: classes } = result.kinds;
  if (role.ended > 0 || classes.updated > 0) await resolveMoves(tx, scope);
  const people = student.created + student.updated + teacher.created + teacher.updated;
  if (people > 0) {
    const rule = identityRuleOf(mapping.identity);
    const many = aboutManyPeople(people, student.before + teacher.before);
    const sharedUserIds = sharesUserIds(result.format.name);
    const { idsAcrossKinds } = settings;
    if (sharedUserIds && known) {
      await failContestedIds(tx, scope, rule);
      await linkToKnownUsers(tx, scope, rule, idsAcrossKinds === 'samePerson');
    }
    if (rule === null) {
      await resolveTakenUserNames(tx, scope, settings.linkByUserName, many);
      if (sharedUserIds && known && idsAcrossKinds === 'ask') await failDoubtfulUsers(tx, scope);
      if (sharedUserIds) await linkNewUsers(tx, scope);
      await failRepeatedUserNames(tx, scope);
    } else {
      for (const kind of ['student', 'teacher'] as const) await resolveMatches(tx, scope, kind, rule, many);
    }
    await failDependants(tx, scope);
  }
  return countPlan(tx, run.id);
}

function identityRuleOf(identity: MappingSettings['identity']): IdentityRule {
  if (identity.mode === 'create') return null;
  const { student = identity.options.teacher, teacher = student } = identity.options;
  const propertyOf = (option: MatchOption | undefined): MatchProperty =>
    MATCH_TARGETS.find((target) => target === option?.targetProperty) ?? 'userPrincipalName';
  return { student: propertyOf(student), teacher: propertyOf(teacher) };
}

function heldCode({ reasons }: Verdict, planOnly: boolean): HeldCode {
  if (planOnly) return 'PreviewReady';
  return reasons.every(({ code }) => code === 'alwaysAsk') ? 'ApprovalNeeded' : 'VerdictHeld';
}

function waitingMessage({ reasons }: Verdict, planOnly: boolean): string {
  const text = describeReasons(reasons);
  return text === '' && planOnly ? 'the plan is within all limits' : text;
}
