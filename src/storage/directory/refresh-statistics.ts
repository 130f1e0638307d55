import { asOwner, type Database } from '../database.ts';

/**
 * Tells PostgreSQL how large the directory has become. Autovacuum does so a minute later; until then the planner takes a large tenant
 * for a small one and sorts all its people for one page. To be called after some hundred rows were written. Owner:
 * ANALYZE is the owner's before PostgreSQL 17.
 */
export async function refreshStatistics(db: Database): Promise<void> {
  await asOwner(db, (tx) =>
    tx.query(
      'analyze org, class, course, academic_session, person, demographics, account, role, enrollment, link',
    ),
  );
}
