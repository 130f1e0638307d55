import { disabledBecause, QUARANTINE_DAYS, readQuarantineReason } from '#core/run/quarantine.ts';
import { asOwner, inTenant, type Tx } from '#storage/database.ts';
import { dropOverdue, listOverdueProfiles } from '#storage/escrow/drop-escrow.ts';
import { listDueProfiles, queueRetry } from '#storage/escrow/queue-retry.ts';
import { lockProfile } from '#storage/profiles/find-profile.ts';
import { takeQuarantineTurn } from '#storage/profiles/may-run-on-its-own.ts';
import { appendProfileEvent } from '#storage/profiles/profile-event.ts';
import { isLongQuarantined, listLongQuarantined } from '#storage/profiles/quarantine.ts';
import { savePause } from '#storage/profiles/save-profile.ts';
import { suspendWaitingRuns } from '#storage/runs/enqueue-run.ts';

import { tellOfProfile } from '../notices/tell-run.ts';

import type { EngineContext } from '../engine-context.ts';
import { reportDropped } from './report-dropped.ts';

/** The actor of what Rollbook does on its own. */
const ACTOR = 'rollbook';

type SweepContext = Pick<EngineContext, 'db' | 'system' | 'log' | 'settings' | 'wake'>;

/**
 * What is due by the calendar and by nobody's request: retries of what is in escrow, records to drop after four weeks, profiles
 * to disable after four weeks in quarantine. Each is looked at again under the lock of its profile, so several
 * processes may do this at once. One profile that fails keeps no other one waiting.
 */
export async function sweepRetries(context: SweepContext): Promise<void> {
  const { db } = context;
  // Retries first: a run that is queued decides itself what it drops in the end.
  for (const due of await asOwner(db, listDueProfiles)) await guarded(context, due, queueDueRetry);
  for (const overdue of await asOwner(db, listOverdueProfiles)) await guarded(context, overdue, dropRecords);
  const long = await asOwner(db, (tx) => listLongQuarantined(tx, QUARANTINE_DAYS));
  for (const profile of long) await guarded(context, profile, disableProfile);
}

interface ProfileAddress {
  readonly tenantId: string;
  readonly profileId: string;
}

async function guarded(
  context: SweepContext,
  profile: ProfileAddress,
  work: (context: SweepContext, profile: ProfileAddress) => Promise<void>,
): Promise<void> {
  await work(context, profile).catch((error: unknown) => {
    context.log.warn({ ...profile, err: error }, 'a profile could not be swept; it is met again');
  });
}

async function queueDueRetry(context: SweepContext, { tenantId, profileId }: ProfileAddress): Promise<void> {
  const runId = await inTenant(context.db, tenantId, async (tx) =>
    (await lockProfile(tx, profileId)) === null ? null : queueInTurn(tx, context, profileId),
  );
  if (runId !== null) await wakeRetry(context, { tenantId, profileId }, runId);
}

/** What has become due since this sweep looked for retries gets its last attempt and is not dropped without it. */
async function dropRecords(context: SweepContext, { tenantId, profileId }: ProfileAddress): Promise<void> {
  const runId = await inTenant(context.db, tenantId, async (tx) => {
    if ((await lockProfile(tx, profileId)) === null) return null;
    const queued = await queueInTurn(tx, context, profileId);
    if (queued !== null) return queued;
    await reportDropped(tx, context, { profileId, dropped: await dropOverdue(tx, profileId) });
    return null;
  });
  if (runId !== null) await wakeRetry(context, { tenantId, profileId }, runId);
}

/** @returns the run that was queued, if one may be. The row of the profile is locked. */
async function queueInTurn(tx: Tx, context: SweepContext, profileId: string): Promise<string | null> {
  const { newId } = context.system;
  const runId = newId();
  if (!(await queueRetry(tx, { profileId, runId, actor: ACTOR, newId, asked: false }))) return null;
  await takeQuarantineTurn(tx, profileId, context.settings.retry.quarantineDelaySeconds);
  return runId;
}

async function wakeRetry(context: SweepContext, profile: ProfileAddress, runId: string): Promise<void> {
  context.log.info({ ...profile, runId }, 'records in escrow are tried again');
  await context.wake(profile.tenantId, runId);
}

async function disableProfile(context: SweepContext, { tenantId, profileId }: ProfileAddress): Promise<void> {
  const { newId } = context.system;
  await inTenant(context.db, tenantId, async (tx) => {
    const profile = await lockProfile(tx, profileId);
    if (profile === null || !(await isLongQuarantined(tx, profileId, QUARANTINE_DAYS))) return;
    const reason = readQuarantineReason(profile.quarantineReason);
    await savePause(tx, profileId, profile.now, disabledBecause(reason));
    await suspendWaitingRuns(tx, { profileId, actor: ACTOR, newId });
    await appendProfileEvent(tx, {
      profileId,
      id: newId(),
      event: 'disabled',
      state: profile.state,
      actor: ACTOR,
      detail: { reason, since: profile.quarantinedAt },
    });
    await tellOfProfile(tx, context, profileId, 'disabled', 'quarantine', disabledBecause(reason));
    context.log.warn(
      { tenantId, profileId, reason },
      'a profile was disabled after four weeks in quarantine',
    );
  });
}

/** Sweeps at once and then every so many seconds, until stopped. A failure is logged and met again by the next sweep. */
export function startRetrySweep(context: SweepContext): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const sweeping = (async () => {
    while (!stopping.signal.aborted) {
      await sweepRetries(context).catch((error: unknown) => {
        context.log.warn({ err: error }, 'the sweep for records in escrow failed and is repeated');
      });
      await context.system.sleep(context.settings.retrySweepSeconds * 1_000, stopping.signal);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await sweeping;
    },
  };
}
