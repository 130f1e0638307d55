import type { Tx } from '../database.ts';

/**
 * For a transaction that joins the items of a run, or its failures, with each other: join by hash until its end. The rows are minutes
 * old and the planner takes them for a handful; its nested loops over hundreds of thousands of items would not end. (An
 * index does not save them: plan_item is a security barrier view, into which a join condition is not pushed.)
 */
export async function joinByHash(tx: Tx): Promise<void> {
  await tx.query('set local enable_nestloop = off');
}

/** For the rest of the transaction: small look-ups in large tables again. */
export async function joinFreely(tx: Tx): Promise<void> {
  await tx.query('set local enable_nestloop = on');
}
