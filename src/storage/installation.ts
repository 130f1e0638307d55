import { must } from '#lib/assert.ts';

import type { Tx } from './database.ts';

/** The id of the installation that this database belongs to; the first process to ask makes it. As owner. */
export async function ensureInstallationId(tx: Tx, newId: () => string): Promise<string> {
  await tx.query('insert into installation (id) values ($1) on conflict do nothing', [newId()]);
  const rows = await tx.query<{ id: string }>('select id from installation');
  return must(rows[0]).id;
}
