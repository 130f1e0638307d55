import type { Tx } from '../database.ts';

/** Whether the tenant of this transaction is there. */
export async function tenantExists(tx: Tx): Promise<boolean> {
  return (await tx.query('select 1 from tenant where id = current_tenant()')).length > 0;
}
