import { inTenant } from '#storage/database.ts';
import { saveProgress } from '#storage/runs/lease-run.ts';

import type { EngineContext } from './engine-context.ts';

/** What people see of a run under way. Rows count while files are read, items while changes are applied. */
export interface RunProgress {
  readonly stage: 'extracting' | 'validating' | 'planning' | 'applying' | 'done';
  readonly percent: number;
  readonly rowsDone?: number;
  readonly bytesDone?: number;
  readonly bytesTotal?: number;
  readonly itemsDone?: number;
  readonly itemsTotal?: number;
}

export interface ProgressReporter {
  report(progress: RunProgress): void;
  /** Writes what was reported last, and waits for it. */
  flush(): Promise<void>;
}

const INTERVAL_MS = 400;

/** Stores progress at most a few times a second, one write at a time; a slow database only makes it rarer. */
export function reportProgress(
  context: EngineContext,
  tenantId: string,
  runId: string,
  epoch: number,
): ProgressReporter {
  let latest: RunProgress | null = null;
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
        context.log.warn({ runId, error: String(error) }, 'progress could not be stored');
      })
      .finally(() => {
        busy = false;
      });
  };
  return {
    report(progress) {
      const stageChanged = latest?.stage !== progress.stage;
      latest = progress;
      if (stageChanged || context.system.now().getTime() - lastWriteMs >= INTERVAL_MS) write();
    },
    async flush() {
      await writing;
      write();
      await writing;
    },
  };
}
