import { Client } from 'pg';

import { assert } from '#lib/assert.ts';
import { KEEP_ALIVE, type Tx } from '../database.ts';
import { LeaseLostError } from '../runs/lease-run.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The database session of one stage: a connection of rollbook_app of its own, for one tenant. */
export interface StageSession {
  readonly client: Client;
  /** Rejects when the connection breaks, whatever else is being waited for. */
  readonly lost: Promise<never>;
  /** Begins a transaction of the tenant. */
  begin(mode?: 'repeatable read, read only'): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  close(): Promise<void>;
}

/** `connectionString`: of rollbook_app. */
export async function openStageSession(
  connectionString: string,
  tenantId: string,
  runId: string,
): Promise<StageSession> {
  assert(UUID.test(tenantId), 'a tenant id that is not a UUID reached the database');
  const client = new Client({
    connectionString,
    application_name: sessionName(runId),
    connectionTimeoutMillis: 30_000,
    ...KEEP_ALIVE,
  });
  let closing = false;
  const lost = new Promise<never>((_, reject) => {
    client.on('error', reject);
    client.on('end', () => {
      if (!closing) reject(new Error('the connection to PostgreSQL ended'));
    });
  });
  lost.catch(() => undefined);
  await client.connect();
  return {
    client,
    lost,
    async begin(mode) {
      await client.query(
        `begin${mode === undefined ? '' : ` isolation level ${mode}`}; set local rollbook.tenant_id = '${tenantId}'`,
      );
    },
    async commit() {
      const { command } = await client.query('commit');
      assert(
        command === 'COMMIT',
        'a transaction was to be committed after one of its statements had failed',
      );
    },
    async rollback() {
      await client.query('rollback');
    },
    async close() {
      closing = true;
      await client.end();
    },
  };
}

function sessionName(runId: string): string {
  return `rollbook stage ${runId}`;
}

/**
 * Ends the sessions of earlier stages of a run, whose worker has lost it: frozen in the middle of its COPY it would keep the next stage
 * waiting for the fate of the same rows. The caller holds the run.
 */
export async function endEarlierStages(tx: Tx, runId: string): Promise<void> {
  await tx.query(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity
      where application_name = $1 and datname = current_database() and pid <> pg_backend_pid()`,
    [sessionName(runId)],
  );
}

/**
 * What was staged may be committed only by the worker that holds the run: locks the run row until the transaction ends, so that
 * another worker's claim comes before this (then nothing is written) or after the commit (then it discards what was
 * staged and stages anew). Throws LeaseLostError.
 */
export async function fenceStage(
  client: Client,
  run: { runId: string; epoch: number; knownSchema?: number | undefined },
): Promise<void> {
  if (run.knownSchema !== undefined)
    await client.query('select rollbook.require_schema($1, true)', [run.knownSchema]);
  // From here on others wait for the run's row: if this process freezes now, PostgreSQL ends the transaction.
  await client.query(`set local idle_in_transaction_session_timeout = '10s'`);
  const { rowCount } = await client.query(
    `select 1 from run where id = $1 and epoch = $2 and state = 'staging' for share`,
    [run.runId, run.epoch],
  );
  if (rowCount !== 1) throw new LeaseLostError(run.runId);
}
