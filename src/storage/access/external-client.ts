import type { Tx } from '../database.ts';

/** Whether the tenant of this transaction is there, and whether it has an application of its own by that id; undefined: no tenant. */
export async function findExternalClient(
  tx: Tx,
  clientId: string,
): Promise<{ readonly isApplication: boolean } | undefined> {
  const [row] = await tx.query<{ isApplication: boolean }>(
    `select exists (select from application where id = $1) as "isApplication" from tenant where id = current_tenant()`,
    [clientId],
  );
  return row;
}
