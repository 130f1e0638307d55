import type { Readiness } from '#http/context.ts';
import type { Database } from '#storage/database.ts';
import { isDatabaseAnswering } from '#storage/is-database-answering.ts';
import { type SchemaWatch, sayStanding } from './schema-watch.ts';

/**
 * Ready: the database answers, its schema lets this version write, and nobody has asked for a stop. Migrations are done before anything
 * listens; a newer version that comes later may migrate again.
 */
export function watchReadiness(db: Database, schema: SchemaWatch): Readiness & { stop(): void } {
  let stopping = false;
  return {
    async check() {
      if (stopping) return ['Rollbook is stopping.'];
      if (!(await isDatabaseAnswering(db, 5_000))) return ['The database does not answer.'];
      return schema.now().standing === 'outdated' ? [sayStanding(schema.now())] : [];
    },
    notes: () => (schema.now().standing === 'ahead' ? [sayStanding(schema.now())] : []),
    stop() {
      stopping = true;
    },
  };
}
