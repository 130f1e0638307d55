import { OperationalError } from '#lib/errors.ts';
import { asOwner } from '#storage/database.ts';
import { listScheduledProfiles } from '#storage/schedule/profile-schedule.ts';

import { lookAtProfile } from './look-at-profile.ts';
import type { ScheduleContext } from './schedule-context.ts';

const LOOK_SECONDS = 10;

/**
 * Looks at every profile with a schedule about every ten seconds, until stopped. Safe in several processes at once. Whatever
 * fails is logged and met again by the next look.
 */
export function startScheduler(context: ScheduleContext): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const underWay = new Map<string, Promise<void>>();
  // Twice per quiet time at least: otherwise a short one would never pass between two looks.
  const pauseMs = 1_000 * Math.max(1, Math.min(LOOK_SECONDS, Math.floor(context.uploadQuietSeconds / 2)));

  const failed = (profileId: string, error: unknown): void => {
    if (signal.aborted) return;
    const code = error instanceof OperationalError ? error.code : 'InternalError';
    context.log.warn(
      { profileId, code, error: String(error) },
      'the schedule of a profile could not be followed and is looked at again',
    );
  };
  const look = async (): Promise<void> => {
    for (const profile of await asOwner(context.db, listScheduledProfiles)) {
      const { profileId } = profile;
      if (signal.aborted) return;
      if (underWay.has(profileId)) continue;
      const errand = await lookAtProfile(context, profile).catch((error: unknown) =>
        failed(profileId, error),
      );
      if (!errand) continue;
      const job = errand(signal)
        .catch((error: unknown) => failed(profileId, error))
        .finally(() => underWay.delete(profileId));
      underWay.set(profileId, job);
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
      await Promise.all(underWay.values());
    },
  };
}
