import {
  afterBrokenRun,
  afterCompletedRun,
  judgeEscrow,
  type EscrowCounts,
  type QuarantineReason,
} from '#core/run/quarantine.ts';
import { retryDelaySeconds } from '#core/run/retry.ts';
import type { Tx } from '#storage/database.ts';
import type { SettledEscrow } from '#storage/escrow/settle-escrow.ts';
import { takeQuarantineTurn } from '#storage/profiles/may-run-on-its-own.ts';
import { appendProfileEvent } from '#storage/profiles/profile-event.ts';
import {
  enterQuarantine,
  leaveQuarantine,
  lockQuarantineState,
  type QuarantineState,
} from '#storage/profiles/quarantine.ts';
import { markBroken } from '#storage/runs/finish-run.ts';
import { readRecordCounts } from '#storage/runs/read-runs.ts';

import type { EngineContext } from './engine-context.ts';
import { tellQuarantined } from './notices/tell-run.ts';

/** The actor of what Rollbook does on its own. */
const ACTOR = 'rollbook';

/**
 * A run is complete: into quarantine, or out of it (docs/spec/quarantine.md). `before` was read before anything of this run was
 * noted in the profile, whose row is locked since. @returns why it is in quarantine now; null: it is not.
 */
export async function judgeCompletedRun(
  tx: Tx,
  context: EngineContext,
  run: {
    readonly profileId: string;
    readonly runId: string;
    readonly before: QuarantineState;
    readonly escrow: SettledEscrow;
  },
): Promise<QuarantineReason | null> {
  const counts = escrowCounts(run.escrow, await readRecordCounts(tx, run.runId));
  const judged = judgeEscrow(counts, !run.before.wasSynchronized);
  const after = afterCompletedRun(run.before.reason, judged);
  const { profileId, before } = run;
  if (after === null) {
    if (before.reason === null) return null;
    await leaveQuarantine(tx, profileId);
    const detail = { reason: before.reason, runId: run.runId };
    await appendEvent(tx, context, profileId, before, 'quarantineLeft', detail);
    return null;
  }
  if (judged === null) return after;
  const delaySeconds = context.settings.retry.quarantineDelaySeconds;
  if (after !== judged) await takeQuarantineTurn(tx, profileId, delaySeconds);
  else {
    await enter(tx, context, profileId, before, after, delaySeconds, { runId: run.runId, ...counts });
    await tellQuarantined(tx, context, { id: run.runId, profileId }, after, counts);
  }
  return after;
}

/** A run broke off for a reason that counts, `inARow` times. @returns the seconds until it is tried again. */
export async function judgeBrokenRun(
  tx: Tx,
  context: EngineContext,
  run: { readonly profileId: string; readonly runId: string; readonly inARow: number },
): Promise<{ readonly brokenRuns: number; readonly quarantined: boolean; readonly retryInSeconds: number }> {
  const before = await lockQuarantineState(tx, run.profileId);
  const brokenRuns = await markBroken(tx, run.profileId, run.inARow);
  const after = afterBrokenRun(before.reason, brokenRuns);
  const delaySeconds = retryDelaySeconds(context.settings.retry, brokenRuns, after !== null);
  if (after === 'IngestionInterrupted')
    await enter(tx, context, run.profileId, before, after, delaySeconds, { runId: run.runId, brokenRuns });
  else if (after !== null) await takeQuarantineTurn(tx, run.profileId, delaySeconds);
  return { brokenRuns, quarantined: after !== null, retryInSeconds: delaySeconds };
}

async function enter(
  tx: Tx,
  context: EngineContext,
  profileId: string,
  before: QuarantineState,
  reason: QuarantineReason,
  delaySeconds: number,
  detail: Record<string, unknown>,
): Promise<void> {
  await enterQuarantine(tx, profileId, reason, delaySeconds);
  if (before.reason === reason) return;
  // One event when it begins, and one when the reason changes: whoever is told of them is told each once.
  await appendEvent(tx, context, profileId, before, 'quarantined', {
    reason,
    was: before.reason,
    ...detail,
  });
  context.log.warn({ profileId, reason }, 'a profile is in quarantine');
}

async function appendEvent(
  tx: Tx,
  context: EngineContext,
  profileId: string,
  { profileState }: QuarantineState,
  event: string,
  detail: unknown,
): Promise<void> {
  const id = context.system.newId();
  await appendProfileEvent(tx, { profileId, id, event, state: profileState, actor: ACTOR, detail });
}

function escrowCounts(
  escrow: SettledEscrow,
  read: readonly { readonly kind: string; readonly records: number }[],
): EscrowCounts {
  const sum = (kinds: typeof read): number => kinds.reduce((total, { records }) => total + records, 0);
  return {
    records: sum(read),
    objects: sum(read.filter(({ kind }) => kind !== 'role' && kind !== 'enrollment')),
    ownFailures: escrow.ownFailures,
    allFailures: escrow.allFailures,
  };
}
