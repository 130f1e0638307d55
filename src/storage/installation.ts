import { must } from '#lib/assert.ts';

import type { Tx } from './database.ts';

/** The id of the installation that this database belongs to; the first process to ask makes it. As owner. */
export async function ensureInstallationId(tx: Tx, newId: () => string): Promise<string> {
  await tx.query('insert into installation (id) values ($1) on conflict do nothing', [newId()]);
  const rows = await tx.query<{ id: string }>('select id from installation');
  return must(rows[0]).id;
}

/**
 * Whether whoever asks is to keep house now: of all processes the first one that asks when it was begun longer ago than so many minutes, by the clock
 * of the database. As owner.
 */
export async function takeHousekeeping(tx: Tx, minutes: number): Promise<boolean> {
  const rows = await tx.query(
    `update installation set kept_house_at = now()
      where kept_house_at is null or kept_house_at <= now() - make_interval(mins => $1) returning 1`,
    [minutes],
  );
  return rows.length > 0;
}
