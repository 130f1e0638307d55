import { eraseOldUploads } from '#files/erase-old-uploads.ts';
import type { FileStore, StoreClaim } from '#files/file-store.ts';
import { removeOrphans } from '#files/remove-orphans.ts';
import { OperationalError } from '#lib/errors.ts';
import { asOwner, type Database } from '#storage/database.ts';
import { takeTurnToSearchStorage } from '#storage/installation.ts';
import { ensurePartitions } from '#storage/partitions.ts';
import type { System } from '#lib/system.ts';

import type { EngineLog } from './engine-context.ts';
import { forgetOldMembershipChanges, forgetPasswords, removeOldRuns } from './keep-history.ts';

export interface HousekeepingContext {
  readonly db: Database;
  readonly system: System;
  readonly files: FileStore;
  /** What nobody names is only removed where the place is ours. */
  readonly claim: StoreClaim;
  readonly log: EngineLog;
  /** Days that the files of a run are kept after it, the newest upload of a profile for ever. */
  readonly uploadRetentionDays: number;
  /** Removes the jobs that killed workers have left in the queue. */
  readonly removeJobs?: () => Promise<void>;
  /** Days that a run is kept after its end. */
  readonly runRetentionDays: number;
}

const HOUR_MS = 3_600_000;

/**
 * What time leaves lying about: next month's partitions, old uploads, objects of crashed uploads, initial passwords of runs that are over,
 * membership changes that nobody may ask for any more, runs of years ago. Safe in several processes at once. Each is tried, even when one before it
 * fails; then the first failure is thrown.
 */
export async function keepHouse(context: HousekeepingContext, signal?: AbortSignal): Promise<void> {
  const { db } = context;
  const chores = [
    () => asOwner(db, (tx) => ensurePartitions(tx)),
    () => forgetPasswords({ db, signal }),
    () => removeUploads(context, signal),
    () => context.removeJobs?.(),
    () => forgetOldMembershipChanges({ db, signal }),
    () => removeRuns(context, signal),
  ];
  const failures: unknown[] = [];
  for (const chore of chores) {
    try {
      await chore();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function removeUploads(context: HousekeepingContext, signal: AbortSignal | undefined): Promise<void> {
  const { db, files, log } = context;
  const uploads = await eraseOldUploads({ db, files, retentionDays: context.uploadRetentionDays, signal });
  const objects = await removeOurOrphans(context, signal);
  if (uploads > 0 || objects > 0) log.info({ uploads, objects }, 'housekeeping removed old uploads');
}

async function removeRuns(context: HousekeepingContext, signal: AbortSignal | undefined): Promise<void> {
  const { db, runRetentionDays, log } = context;
  const old = await removeOldRuns({ db, signal, runRetentionDays });
  if (old.runs > 0) log.info(old, 'housekeeping removed old runs');
}

/**
 * By one process in an hour: a large storage is thousands of requests. One that is away, or has become another installation's, is no reason to leave the rest of the
 * house.
 */
async function removeOurOrphans(
  { db, files, claim, system, log }: HousekeepingContext,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (signal?.aborted) return 0;
  try {
    await files.claim(claim);
    if (!(await asOwner(db, takeTurnToSearchStorage))) return 0;
    return await removeOrphans({ db, files, now: system.now(), signal });
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    log.error({ error: error.message, code: error.code }, 'nothing was removed from the storage of uploads');
    return 0;
  }
}

/** Keeps house at once and then every hour, until stopped. A failure is logged and met again an hour later. */
export function startHousekeeping(context: HousekeepingContext): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const keeping = (async () => {
    while (!stopping.signal.aborted) {
      await keepHouse(context, stopping.signal).catch((error: unknown) => {
        context.log.warn({ err: error }, 'housekeeping failed and is repeated in an hour');
      });
      await context.system.sleep(HOUR_MS, stopping.signal);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await keeping;
    },
  };
}
