import { must } from '#lib/assert.ts';

import type { Database } from './database.ts';

/** What the database's clock says now, in milliseconds since 1970. */
export async function readDatabaseClock(db: Database): Promise<number> {
  const { rows } = await db.owner.query<{ now: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now',
  );
  return must(rows[0]).now;
}
