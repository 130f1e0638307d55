import type { Pool } from 'pg';

/**
 * Adds a job to the schema of graphile-worker, or replaces the one with its key. When it is due, the database's clock says. A job that failed
 * is not repeated by the queue: the tables say when the next attempt is due.
 */
export async function addJob(
  pool: Pool,
  job: {
    readonly task: string;
    readonly payload: Readonly<Record<string, unknown>>;
    readonly key: string;
    readonly delaySeconds?: number | undefined;
  },
): Promise<void> {
  await pool.query(
    `select graphile_worker.add_job($1, payload => $2::json, run_at => now() + make_interval(secs => $3),
       max_attempts => 1, job_key => $4, job_key_mode => 'replace')`,
    [job.task, JSON.stringify(job.payload), job.delaySeconds ?? 0, job.key],
  );
}
