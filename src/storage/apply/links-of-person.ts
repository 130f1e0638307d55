/**
 * SQL over the links of one person, found by the person alone. A look-up that names the kind as well may be answered from the key of links, which begins
 * with it: among links that PostgreSQL knows nothing of yet that is every student there is (migration 0026).
 */

/** A person of that id (SQL) was known as the kind, and no source says so any more. Never null. */
export function isPast(kind: 'student' | 'teacher', id: string): string {
  const isOfKind = `w.kind = '${kind}'`;
  return `(select count(*) filter (where ${isOfKind}) > 0 and count(*) filter (where ${isOfKind} and w.active) = 0 from link w where w.object_id = ${id})`;
}
