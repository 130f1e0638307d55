import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_ENGINE_SETTINGS } from '#engine/engine-context.ts';
import { startRetrySweep } from '#engine/escrow/retry-sweep.ts';
import { startHousekeeping } from '#engine/housekeeping.ts';
import { startNoticeDelivery } from '#engine/notices/deliver-notices.ts';
import type { Runner, startRunner } from '#engine/runner.ts';
import { startScheduler } from '#engine/schedule/scheduler.ts';
import { forExecuting } from '#storage/database.ts';
import { bytesRemover, uploadLimitsOf, waker, watchDirectoryOf, type Workshop } from './workshop.ts';

/** More threads wait for the one that takes the rows they looked at. */
const MOST_READ_THREADS = 4;

/** What a process does beside runs when it does not only answer requests. */
export function startExecuting(
  work: Workshop,
  engine: Parameters<typeof startRunner>[0],
  runner: Runner,
): { stop(): Promise<void> }[] {
  const { settings, options, files, claim, notices } = work;
  const { log, system } = options;
  const db = forExecuting(work.db);
  return [
    startHousekeeping({
      db,
      system,
      files,
      claim,
      log,
      uploadRetentionDays: settings.uploadRetentionDays,
      runRetentionDays: settings.runRetentionDays,
      removeJobs: runner.removeLeftovers,
    }),
    startRetrySweep({ ...engine, wake: runner.wake }),
    startScheduler({ ...scheduleContext(work, runner), db }),
    startNoticeDelivery({ ...notices, db }, { pollSeconds: options.noticePollSeconds }),
  ];
}

export function engineContext(work: Workshop): Parameters<typeof startRunner>[0] {
  const { settings, options, db, secretBox, keys, fileStore, dataDir } = work;
  return {
    db: forExecuting(db),
    system: options.system,
    secretBox,
    secretKeys: keys,
    log: options.log,
    telemetry: work.telemetry,
    settings: {
      leaseSeconds: settings.leaseSeconds,
      batchItems: settings.batchItems,
      retry: {
        firstDelaySeconds: settings.retrySeconds,
        maximumDelaySeconds: settings.retryMaximumSeconds,
        quarantineDelaySeconds: settings.quarantineRetrySeconds,
      },
      retrySweepSeconds: DEFAULT_ENGINE_SETTINGS.retrySweepSeconds,
      readThreads: settings.readThreads ?? Math.min(availableParallelism(), MOST_READ_THREADS),
      // A zip is no way around the limits of files that come loose.
      zipLimits: {
        ...DEFAULT_ENGINE_SETTINGS.zipLimits,
        maxFileBytes: settings.uploadFileBytes,
        maxTotalBytes: settings.uploadBytes,
      },
      findingLimits: {
        ...DEFAULT_ENGINE_SETTINGS.findingLimits,
        errors: settings.findingErrors,
        warnings: settings.findingWarnings,
      },
      ...options.engine,
    },
    fileStore,
    snapshotsDirectory: join(dataDir, 'snapshots'),
    worker: `${hostname()} ${process.pid} ${options.system.newId().slice(-8)}`,
  };
}

function scheduleContext(work: Workshop, runner: Runner): Parameters<typeof startScheduler>[0] {
  const { settings, options, db, secretBox, files } = work;
  return {
    db,
    system: options.system,
    secretBox,
    files,
    log: options.log,
    watchDirectory: watchDirectoryOf(settings),
    uploadQuietSeconds: settings.uploadQuietSeconds,
    uploadLimits: uploadLimitsOf(settings),
    quarantineDelaySeconds: settings.quarantineRetrySeconds,
    wakeRun: waker(runner, options.log),
    removeObjects: bytesRemover(work),
  };
}
