import type { Tx } from '../database.ts';

/** Any number will do, as long as all Rollbooks agree on it. */
const FIRST_START_LOCK = 7_016_551_205;

/** Until the end of the transaction, only one process of all sets up what a new database needs. */
export async function lockFirstStart(tx: Tx): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [FIRST_START_LOCK]);
}
