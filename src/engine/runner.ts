import { type Job, type JobHandler, openJobQueue } from '#jobs/job-queue.ts';
import { asOwner } from '#storage/database.ts';
import { findDueRuns } from '#storage/runs/due-runs.ts';

import type { EngineContext } from './engine-context.ts';
import { serveRuns } from './serve-runs.ts';

export interface RunnerOptions {
  /** Runs and other jobs at a time in this process. 0: this process executes none (mode api). */
  readonly concurrency: number;
  /** Jobs of others, by task name. */
  readonly handlers?: Readonly<Record<string, JobHandler>>;
  /** Seconds between two looks for runs that nobody works on. */
  readonly sweepSeconds?: number;
}

export interface Runner {
  /** Wakes a worker because a run is due; which run it goes on with, fairness decides. */
  wake(this: void, tenantId: string, runId: string, delaySeconds?: number): Promise<void>;
  /** Adds a job for one of the `handlers`. */
  add(this: void, job: Job): Promise<void>;
  /** Housekeeping of the job queue. */
  removeLeftovers(this: void): Promise<void>;
  /** Lets go of what executes, at the next safe point, waits for it and executes nothing more; `wake` and `add` go on. */
  stopExecuting(this: void): Promise<void>;
  /** The same, and then nothing goes on. */
  stop(): Promise<void>;
}

/**
 * Executes runs: woken through the job queue, and by a sweep over the run rows for wake-ups that were lost (a crash
 * between commit and wake-up, a worker that died). The first sweep was tried when this resolves.
 */
export async function startRunner(
  base: Omit<EngineContext, 'wake'>,
  options: RunnerOptions,
): Promise<Runner> {
  const stopping = new AbortController();
  // Before the queue: a job that is there already begins at once.
  const context: EngineContext = {
    ...base,
    wake: (tenantId, runId, delaySeconds) =>
      queue.add({
        task: 'run',
        payload: { tenantId, runId },
        key: `run:${runId}`,
        ...(delaySeconds === undefined ? {} : { delaySeconds }),
      }),
  };
  const serve = serveRuns(context, options.concurrency);
  const queue = await openJobQueue({
    pool: base.db.owner,
    concurrency: options.concurrency,
    onError: (message) => base.log.error({ error: message }, 'the job queue reports an error'),
    handlers: {
      ...options.handlers,
      run: (_payload, signal) => serve(AbortSignal.any([signal, stopping.signal])),
    },
  });
  const sweepOnce = async (): Promise<void> => {
    const due = await asOwner(base.db, findDueRuns);
    for (const { tenantId, runId } of due) await context.wake(tenantId, runId);
  };
  const sweep = (): Promise<void> =>
    sweepOnce().catch((error: unknown) => {
      base.log.warn({ err: error }, 'the sweep for waiting runs failed and is repeated');
    });
  await sweep();
  const sweeping = (async () => {
    while (!stopping.signal.aborted) {
      await base.system.sleep((options.sweepSeconds ?? 10) * 1_000, stopping.signal);
      if (stopping.signal.aborted) return;
      await sweep();
    }
  })();
  const stopExecuting = async (): Promise<void> => {
    stopping.abort();
    await queue.stopWorking();
    await sweeping;
  };
  return {
    wake: context.wake,
    add: queue.add,
    removeLeftovers: queue.removeLeftovers,
    stopExecuting,
    async stop() {
      await stopExecuting();
      await queue.stop();
    },
  };
}
