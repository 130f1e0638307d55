import { setTimeout as wait } from 'node:timers/promises';

import { Logger, makeWorkerUtils, run, type Runner, type WorkerUtils } from 'graphile-worker';
import type pg from 'pg';

import { addJob } from '#storage/add-job.ts';
import { patientPool } from '#storage/patient-pool.ts';

/** Something to do soon: a wake-up, never the only record of what has to be done. The tables are the truth. */
export interface Job {
  readonly task: string;
  readonly payload: Record<string, unknown>;
  /** Jobs with one key are one job. */
  readonly key: string;
  readonly delaySeconds?: number;
}

export interface JobQueue {
  add(this: void, job: Job): Promise<void>;
  /** Removes what workers that were killed have left locked, once the queue has given it up. */
  removeLeftovers(this: void): Promise<void>;
  /** From now on jobs are only added. Waits for those under way, after telling them through their signal. */
  stopWorking(this: void): Promise<void>;
  /** Waits for the jobs under way, after telling them through their signal. */
  stop(): Promise<void>;
}

export type JobHandler = (payload: Record<string, unknown>, signal: AbortSignal) => Promise<void>;

export interface JobQueueOptions {
  /** Connections as rollbook_owner: the queue keeps a schema of its own, graphile_worker. */
  readonly pool: pg.Pool;
  readonly handlers: Readonly<Record<string, JobHandler>>;
  /** Jobs at a time. 0: this process only adds jobs. */
  readonly concurrency: number;
  readonly onError: (message: string) => void;
}

const STOP_MS = 5_000;

/** Starts working on the jobs of the queue. Jobs carry ids only, so that nothing personal stands in the queue. */
export async function openJobQueue(options: JobQueueOptions): Promise<JobQueue> {
  const logger = new Logger(() => (level: string, message) => {
    if (level === 'error') options.onError(message);
  });
  const shutdown = new AbortController();
  const shared = { pgPool: options.pool, logger };
  const utils: WorkerUtils = await makeWorkerUtils(shared);
  await utils.migrate();
  let runner: Runner | null = null;
  const underWay = new Set<Promise<void>>();
  if (options.concurrency > 0) {
    const taskList = Object.fromEntries(
      Object.entries(options.handlers).map(([task, handler]) => [
        task,
        async (payload: unknown) => {
          const job = handler(payload as Record<string, unknown>, shutdown.signal);
          underWay.add(job);
          await job.finally(() => underWay.delete(job));
        },
      ]),
    );
    runner = await run({
      ...shared,
      pgPool: patientPool(options.pool, shutdown.signal, options.onError),
      taskList,
      concurrency: options.concurrency,
      noHandleSignals: true,
      pollInterval: 1_000,
    });
  }
  let stopped: Promise<void> | undefined;
  const stopAll = async (): Promise<void> => {
    shutdown.abort();
    await Promise.allSettled(underWay);
    // Without a database it cannot give its locks back; they are of no use to anybody.
    await Promise.race([runner?.stop(), wait(STOP_MS, undefined, { ref: false })]);
  };
  const stopWorking = (): Promise<void> => (stopped ??= stopAll());
  return {
    async add(job) {
      await addJob(options.pool, job);
    },
    async removeLeftovers() {
      await utils.cleanup({ tasks: ['DELETE_PERMAFAILED_JOBS'] });
    },
    stopWorking,
    async stop() {
      await stopWorking();
      await utils.release();
    },
  };
}
