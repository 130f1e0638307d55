import { must } from '#lib/assert.ts';

import type { Tx } from './database.ts';

/** The id of the installation that this database belongs to; the first process to ask makes it. As owner. */
export async function ensureInstallationId(tx: Tx, newId: () => string): Promise<string> {
  await tx.query('insert into installation (id) values ($1) on conflict do nothing', [newId()]);
  const rows = await tx.query<{ id: string }>('select id from installation');
  return must(rows[0]).id;
}

/**
 * Whether the caller is the one that looks through all objects of the place for uploads: nobody has begun to in the last fifty minutes. Of several that ask at
 * once, one is. As owner; the row is there since the start.
 */
export async function takeTurnToSearchStorage(tx: Tx): Promise<boolean> {
  const rows = await tx.query(
    `update installation set storage_searched_at = now()
      where storage_searched_at is null or storage_searched_at < now() - interval '50 minutes' returning 1`,
  );
  return rows.length > 0;
}
