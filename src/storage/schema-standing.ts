import { must } from '#lib/assert.ts';

import type { Database } from './database.ts';

export interface SchemaStanding {
  /** Name of the newest migration that the database has. */
  readonly newest: string;
  /** current: this process knows all. ahead: a newer Rollbook has migrated. outdated: and needs newer processes. */
  readonly standing: 'current' | 'ahead' | 'outdated';
}

/** How the schema of the database stands to what this process knows (Database.schemaFence). */
export async function readSchemaStanding(db: Database): Promise<SchemaStanding> {
  const { rows } = await db.owner.query<{ newest: string; number: number; needs: number }>(
    `select max(number) as number, max(needs) as needs, (array_agg(name order by number desc))[1] as newest from schema_migration`,
  );
  const { newest, number, needs } = must(rows[0]);
  const known = db.schemaFence?.known ?? number;
  return { newest, standing: needs > known ? 'outdated' : number > known ? 'ahead' : 'current' };
}
