import { estimateStage, type StagePace } from '#core/run/progress-estimate.ts';
import { inTenant } from '#storage/database.ts';
import { saveProgress } from '#storage/runs/lease-run.ts';

import type { EngineContext } from './engine-context.ts';

/** What a stage reports. Rows count while files are read, items while changes are applied. */
export interface StageReport {
  readonly stage: 'extracting' | 'validating' | 'planning' | 'applying' | 'done';
  readonly percent: number;
  readonly rowsDone?: number;
  readonly bytesDone?: number;
  readonly bytesTotal?: number;
  readonly itemsDone?: number;
  readonly itemsTotal?: number;
}

/** What is stored, and what people see of a run under way. */
export interface RunProgress extends StageReport {
  /** When this process began with the stage. */
  readonly startedAt?: string;
  /** Until the end of the stage; null while nobody can tell (core/run/progress-estimate). */
  readonly secondsLeft?: number | null;
}

export interface ProgressReporter {
  report(progress: StageReport): void;
  /** Writes what was reported last, and waits for it. */
  flush(): Promise<void>;
}

const INTERVAL_MS = 400;

/**
 * Follows the reports of one process for one run: the percentage never goes back and is below 100 until the run is complete, which
 * is stored with its completion.
 */
export function progressTracker(): (report: StageReport, now: Date) => RunProgress {
  let percent = 0;
  let stage: string | null = null;
  let startedAt = '';
  let pace: StagePace | null = null;
  return (report, now) => {
    percent = Math.max(percent, Math.min(99, Math.max(0, report.percent)));
    if (report.stage !== stage) {
      stage = report.stage;
      startedAt = now.toISOString();
      pace = null;
    }
    const done = report.itemsDone ?? report.bytesDone;
    const total = report.itemsTotal ?? report.bytesTotal;
    if (done === undefined || total === undefined)
      return { ...report, percent, startedAt, secondsLeft: null };
    const estimate = estimateStage(pace, { stage, done, total, atMs: now.getTime() });
    ({ pace } = estimate);
    return { ...report, percent, startedAt, secondsLeft: estimate.secondsLeft };
  };
}

/** What is stored with the completion of a run. */
export const COMPLETE: RunProgress = { stage: 'done', percent: 100 };

/** Stores progress at most a few times a second, one write at a time; a slow database only makes it rarer. */
export function reportProgress(
  context: EngineContext,
  tenantId: string,
  runId: string,
  epoch: number,
): ProgressReporter {
  const track = progressTracker();
  let latest: RunProgress | null = null;
  let stage: string | null = null;
  let lastWriteMs = 0;
  let writing: Promise<void> = Promise.resolve();
  let busy = false;
  const write = (): void => {
    const progress = latest;
    if (progress === null || busy) return;
    latest = null;
    busy = true;
    lastWriteMs = context.system.now().getTime();
    writing = inTenant(context.db, tenantId, (tx) => saveProgress(tx, runId, epoch, progress))
      .catch((error: unknown) => {
        context.log.warn({ runId, err: error }, 'progress could not be stored');
      })
      .finally(() => {
        busy = false;
      });
  };
  return {
    report(report) {
      const stageChanged = stage !== report.stage;
      ({ stage } = report);
      const now = context.system.now();
      latest = track(report, now);
      if (stageChanged || now.getTime() - lastWriteMs >= INTERVAL_MS) write();
    },
    async flush() {
      await writing;
      write();
      await writing;
    },
  };
}
