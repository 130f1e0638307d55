import type { Tx } from './database.ts';

/** Makes the partitions of this month and the next for plan items and findings. As owner. */
export async function ensurePartitions(tx: Tx): Promise<void> {
  await tx.query('select ensure_partitions(now())');
}
