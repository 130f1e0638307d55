import type { Tx } from '../database.ts';

/** How many runs are in each state that is not an end, over all tenants (as owner). States without a run are left out. Uses run_unfinished. */
export async function countUnfinishedRuns(tx: Tx): Promise<{ state: string; runs: number }[]> {
  return tx.query(
    `select state, count(*)::int as runs from run
      where state in ('queued', 'staging', 'planning', 'held', 'applying', 'suspended', 'broken') group by state order by state`,
  );
}
