/**
 * A table expression with the object that a key of an item leads to, in the column object_id; no row when the key is linked to none.
 * `offset 0` keeps it a look-up of its own: joined freely, PostgreSQL takes the links of a source system that it has no statistics
 * of for a handful, and compares every item with every link.
 */
export function linkedObject(sourceSystemId: string, key: string): string {
  return `lateral (select l.object_id from link l where l.source_system_id = ${sourceSystemId} and l.key = ${key} offset 0)`;
}
