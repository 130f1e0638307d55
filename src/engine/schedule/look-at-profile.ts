import { stepCron, type CronState } from '#core/schedule/cron-due.ts';
import { readSchedule } from '#core/schedule/schedule-settings.ts';
import { isAddsOnly, zoneOf } from '#core/schedule/schedule.ts';
import { inTenant } from '#storage/database.ts';
import { lockProfile } from '#storage/profiles/find-profile.ts';
import { appendProfileEvent } from '#storage/profiles/profile-event.ts';
import { saveCronStep, saveExpiredOn, type ScheduledProfile } from '#storage/schedule/profile-schedule.ts';
import { queueCatchUp } from '#storage/schedule/queue-catch-up.ts';
import { queueExpiration } from '#storage/schedule/queue-expiration.ts';
import { mayRunOnItsOwn, takeQuarantineTurn } from '#storage/profiles/may-run-on-its-own.ts';
import { releaseScheduledWaits } from '#storage/runs/enqueue-run.ts';
import { hasUploadedFiles, isUploadComplete } from '#storage/uploads/is-upload-complete.ts';

import { tellOfProfile } from '../notices/tell-run.ts';

import { afterStart, queueStart, type QueuedStart } from '../profiles/start-profile.ts';
import { filesExpectedInUpload } from './expected-files.ts';
import { lookAtFolder } from './look-at-folder.ts';
import { SCHEDULER, type ScheduleContext } from './schedule-context.ts';
import { takeFolder } from './take-folder.ts';

/** So long a cron time waits for a folder that is not ready; then it goes on without. */
const FOLDER_GRACE_MS = 3_600_000;

/** Something that takes longer than a look, such as reading a folder of files: the loop does not wait for it. */
export type Errand = (signal: AbortSignal) => Promise<void>;

/**
 * Decides what is to be done for one profile now and does it, but for what takes long, which is returned. Every decision is a guarded
 * update: of several processes that look at the same time, one goes on. Where nothing is to be done no transaction is begun: there may be thousands of profiles.
 */
export async function lookAtProfile(
  context: ScheduleContext,
  profile: ScheduledProfile,
): Promise<Errand | null> {
  await noteExpiration(context, profile);
  const read = readSchedule(profile.schedule);
  if ('schedule' in read && read.schedule.onExpiration !== 'keep') await followExpiration(context, profile);
  if (!profile.mayStart || 'problem' in read) return null;
  const { schedule } = read;
  const zone = zoneOf(schedule, profile.tenantZone);
  const wanted = schedule.cron === null ? null : { line: schedule.cron, zone };
  const cron = stepCron(profile.cron, wanted, profile.now);
  if (!cron.fires && isOther(cron.state, profile.cron))
    await inTenant(context.db, profile.tenantId, (tx) =>
      saveCronStep(tx, profile.profileId, profile.cron, cron.state),
    );
  const folder =
    schedule.watchedFolder === null
      ? null
      : await lookAtFolder(context, profile, schedule.watchedFolder, cron.state);
  if (cron.fires) {
    if (folder?.state === 'ready')
      return (signal) => takeFolder(context, profile, folder, { trigger: 'cron', cron: cron.state }, signal);
    if (folder?.state === 'waits' && mayWaitForFolder(profile)) {
      const uploaded = await inTenant(context.db, profile.tenantId, (tx) =>
        hasUploadedFiles(tx, profile.profileId),
      );
      if (!uploaded) return null;
    }
    await startAtCronTime(context, profile, cron.state);
    return null;
  }
  if (folder?.state === 'ready' && schedule.cron === null)
    return (signal) => takeFolder(context, profile, folder, { trigger: 'folder', cron: null }, signal);
  if (schedule.runOnUpload && profile.hasFiles) await startWhenUploaded(context, profile);
  if (profile.endingsPutOff && !isAddsOnly(schedule, zone, profile.now)) await catchUp(context, profile);
  return null;
}

/** The profile has expired, and its classes are to be marked: a run makes the plan of it. In a transaction of its own, which any later look repeats. */
async function followExpiration(context: ScheduleContext, profile: ScheduledProfile): Promise<void> {
  const { expired, expirationDate, expirationQueuedOn, profileId, tenantId } = profile;
  if (!expired || expirationQueuedOn === expirationDate) return;
  const { newId } = context.system;
  const runId = newId();
  const queued = await inTenant(context.db, tenantId, async (tx) => {
    if ((await lockProfile(tx, profileId)) === null) return false;
    return queueExpiration(tx, { profileId, runId, actor: SCHEDULER, newId });
  });
  if (queued) await context.wakeRun(tenantId, runId);
}

/** The adds-only window is over: what it put off is made with the files that were let in last, unless a newer upload is on its way. */
async function catchUp(context: ScheduleContext, { tenantId, profileId }: ScheduledProfile): Promise<void> {
  const { newId } = context.system;
  const runId = newId();
  const queued = await inTenant(context.db, tenantId, async (tx) => {
    if ((await lockProfile(tx, profileId)) === null) return false;
    return queueCatchUp(tx, { profileId, runId, actor: SCHEDULER, newId });
  });
  if (queued) await context.wakeRun(tenantId, runId);
}

function isOther(a: CronState, b: CronState): boolean {
  return a.cron !== b.cron || a.dueAt?.getTime() !== b.dueAt?.getTime();
}

function mayWaitForFolder(profile: ScheduledProfile): boolean {
  const { dueAt } = profile.cron;
  return dueAt !== null && profile.now.getTime() - dueAt.getTime() < FOLDER_GRACE_MS;
}

/** The cron time is used up in the transaction of the start, or of the note that there was nothing to start with: once, whatever breaks. */
async function startAtCronTime(
  context: ScheduleContext,
  profile: ScheduledProfile,
  next: CronState,
): Promise<void> {
  const { newId } = context.system;
  await start(context, profile, async (tx, stored) => {
    if (!(await saveCronStep(tx, stored.id, profile.cron, next))) return null;
    if (await hasUploadedFiles(tx, stored.id))
      return queueStart(tx, stored, { actor: SCHEDULER, trigger: 'cron', newId });
    await appendProfileEvent(tx, {
      profileId: stored.id,
      id: newId(),
      event: 'scheduledWithoutFiles',
      state: stored.state,
      actor: SCHEDULER,
      detail: { dueAt: profile.cron.dueAt, folderNote: profile.folderNote },
    });
    await tellOfProfile(
      tx,
      context,
      stored.id,
      'scheduledWithoutFiles',
      'cron',
      `no files were there to sync at ${profile.cron.dueAt?.toISOString() ?? 'the scheduled time'}`,
    );
    return null;
  });
}

async function startWhenUploaded(context: ScheduleContext, profile: ScheduledProfile): Promise<void> {
  const { profileId, tenantId } = profile;
  const expected = {
    fileSets: await filesExpectedInUpload(context, profile),
    quietSeconds: context.uploadQuietSeconds,
  };
  const complete = await inTenant(context.db, tenantId, (tx) =>
    isUploadComplete(tx, profileId, { ...expected, lock: false }),
  );
  if (!complete) return;
  await start(context, profile, async (tx, stored) => {
    if (!(await isUploadComplete(tx, stored.id, { ...expected, lock: true }))) return null;
    return queueStart(tx, stored, { actor: SCHEDULER, trigger: 'upload', newId: context.system.newId });
  });
}

/** Runs `decide` with the profile locked, unless it may not start any more. */
async function start(
  context: ScheduleContext,
  profile: ScheduledProfile,
  decide: (
    tx: Parameters<typeof queueStart>[0],
    stored: Parameters<typeof queueStart>[1],
  ) => Promise<QueuedStart | null>,
): Promise<void> {
  const started = await inTenant(context.db, profile.tenantId, async (tx) => {
    const stored = await lockProfile(tx, profile.profileId);
    if (stored === null || !(await mayRunOnItsOwn(tx, stored.id))) return null;
    const queued = await decide(tx, stored);
    if (queued !== null) await takeQuarantineTurn(tx, stored.id, context.quarantineDelaySeconds);
    return queued;
  });
  if (started !== null) await afterStart(context, profile.tenantId, started);
}

/**
 * Once per expiration date: the history of the profile tells of it, and whoever carries out the consequences finds it. A run that waits for a time of the
 * schedule is judged anew by its claim, which does not let it begin.
 */
async function noteExpiration(context: ScheduleContext, profile: ScheduledProfile): Promise<void> {
  const { expirationDate, expired, expiredOn } = profile;
  const wanted = expired ? expirationDate : null;
  if (wanted === expiredOn) return;
  const released = await inTenant(context.db, profile.tenantId, async (tx) => {
    const stored = await lockProfile(tx, profile.profileId);
    // The date may have been moved since the look.
    if (stored === null || stored.expirationDate !== expirationDate) return [];
    if (!(await saveExpiredOn(tx, stored.id, expiredOn, wanted)) || wanted === null) return [];
    await appendProfileEvent(tx, {
      profileId: stored.id,
      id: context.system.newId(),
      event: 'expired',
      state: stored.state,
      actor: SCHEDULER,
      detail: { expirationDate: wanted },
    });
    await tellOfProfile(tx, context, stored.id, 'expired', wanted, `the profile expired on ${wanted}`);
    return releaseScheduledWaits(tx, stored.id);
  });
  for (const runId of released) await context.wakeRun(profile.tenantId, runId);
}
