import { readSchedule } from '#core/schedule/schedule-settings.ts';
import { OperationalError } from '#lib/errors.ts';
import { asOwner } from '#storage/database.ts';
import { listScheduledProfiles, type ScheduledProfile } from '#storage/schedule/profile-schedule.ts';

import { lookAtProfile } from './look-at-profile.ts';
import type { ScheduleContext } from './schedule-context.ts';

const LOOK_SECONDS = 10;
const PATIENCE_MS = 1_000;
const MOST_UNDER_WAY = 8;
/** Of those. A disk that hangs keeps a thread for each, and a process has four for all its files and names. */
const MOST_FOLDERS = 2;
const STOP_MS = 5_000;

/**
 * Looks at every profile with a schedule about every ten seconds, until stopped. Safe in several processes at once. Whatever
 * fails is logged and met again by the next look.
 */
export function startScheduler(context: ScheduleContext): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const underWay = new Map<string, Promise<void>>();
  const folders = new Set<string>();
  // Twice per quiet time at least: otherwise a short one would never pass between two looks.
  const pauseMs = 1_000 * Math.max(1, Math.min(LOOK_SECONDS, Math.floor(context.uploadQuietSeconds / 2)));

  const failed = (profileId: string, error: unknown): void => {
    if (signal.aborted) return;
    const code = error instanceof OperationalError ? error.code : 'InternalError';
    context.log.warn(
      { profileId, code, err: error },
      'the schedule of a profile could not be followed and is looked at again',
    );
  };
  const follow = async (profile: ScheduledProfile): Promise<void> => {
    const errand = await lookAtProfile(context, profile);
    await errand?.(signal);
  };
  const look = async (): Promise<void> => {
    for (const profile of await asOwner(context.db, listScheduledProfiles)) {
      const { profileId } = profile;
      if (underWay.has(profileId)) continue;
      const hasFolder = watchesFolder(profile);
      // Its turn comes with a later look.
      if (hasFolder && folders.size >= MOST_FOLDERS) continue;
      while (underWay.size >= MOST_UNDER_WAY && !signal.aborted)
        await context.system.sleep(PATIENCE_MS, signal);
      if (signal.aborted) return;
      if (hasFolder) folders.add(profileId);
      const ended = new AbortController();
      const job = follow(profile)
        .catch((error: unknown) => failed(profileId, error))
        .finally(() => {
          underWay.delete(profileId);
          folders.delete(profileId);
          ended.abort();
        });
      underWay.set(profileId, job);
      // A folder may be large, or on a disk that hangs: the next profile does not wait for it.
      await context.system.sleep(PATIENCE_MS, ended.signal);
    }
  };
  const looking = (async () => {
    while (!signal.aborted) {
      await look().catch((error: unknown) => failed('all', error));
      await context.system.sleep(pauseMs, signal);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await looking;
      // Whoever still hangs at a disk writes nothing any more that counts.
      const ended = new AbortController();
      const all = Promise.all(underWay.values()).finally(() => ended.abort());
      await Promise.race([all, context.system.sleep(STOP_MS, ended.signal)]);
    },
  };
}

function watchesFolder(profile: ScheduledProfile): boolean {
  const read = readSchedule(profile.schedule);
  return 'schedule' in read && read.schedule.watchedFolder !== null;
}
