import { must } from '#lib/assert.ts';

import type { Tx } from '../database.ts';

/**
 * Takes the tenant's next change_seq, for everything this transaction writes into the directory. Lock order: a run row if
 * there is one, then this counter, then directory rows. The counter stays locked until commit, so commit order is seq order, and
 * whoever holds it is the directory's only writer in this tenant.
 */
export async function nextChangeSeq(tx: Tx): Promise<number> {
  const rows = await tx.query<{ change_seq: number }>(
    'update tenant_counter set change_seq = change_seq + 1 returning change_seq::float8 as change_seq',
  );
  return must(rows[0], 'the tenant has no counter').change_seq;
}

/** Takes the same lock, for writes that readers of changes need not see. */
export async function lockDirectory(tx: Tx): Promise<void> {
  await tx.query('select from tenant_counter for update');
}
