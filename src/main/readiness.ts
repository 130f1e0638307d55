import type { Readiness } from '#http/context.ts';
import type { Database } from '#storage/database.ts';
import { isDatabaseAnswering } from '#storage/is-database-answering.ts';

/** Ready: the database answers and nobody has asked for a stop. Migrations are done before anything listens. */
export function watchReadiness(db: Database): Readiness & { stop(): void } {
  let stopping = false;
  return {
    async check() {
      if (stopping) return ['Rollbook is stopping.'];
      return (await isDatabaseAnswering(db, 5_000)) ? [] : ['The database does not answer.'];
    },
    stop() {
      stopping = true;
    },
  };
}
