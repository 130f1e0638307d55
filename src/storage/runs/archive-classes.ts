import type { Tx } from '../database.ts';
import { IS_MARKED } from '../plan/plan-expired-classes.ts';

/**
 * Moves the classes of a source system that are marked as expired, with all their enrollments, to a source system of their own that no
 * profile uses. So their source ids are free: next year's files make new classes of them. The caller has opened a batch.
 * @returns the name of the new source system; null when there was nothing to move.
 */
export async function archiveClasses(
  tx: Tx,
  archive: {
    readonly sourceSystemId: string;
    readonly newSystemId: string;
    /** Makes the name of the new source system from that of the old one. */
    readonly nameOf: (name: string) => string;
    readonly expiredOn: string;
    readonly prefix: string;
    readonly changeSeq: number;
  },
): Promise<string | null> {
  const { sourceSystemId, newSystemId, prefix } = archive;
  const rows = await tx.query<{ name: string }>(
    `select s.name from source_system s
      where s.id = $1 and exists (select from link l where l.source_system_id = s.id and l.kind = 'class' and l.active and ${IS_MARKED})`,
    [sourceSystemId, prefix],
  );
  if (rows[0] === undefined) return null;
  const name = archive.nameOf(rows[0].name);
  await tx.query(
    'insert into source_system (tenant_id, id, name, expired_on) values (current_tenant(), $1, $2, $3)',
    [newSystemId, name, archive.expiredOn],
  );
  await tx.query(
    `with moved as (
       update link l set source_system_id = $3
        where l.source_system_id = $1 and l.kind = 'class' and l.active and ${IS_MARKED}
       returning l.object_id, l.source_id)
     update class c set version = c.version + 1, change_seq = $4,
            external_id = case when starts_with(coalesce(c.external_id, ''), $2) then c.external_id
                               else $2 || coalesce(c.external_id, m.source_id) end
       from moved m where c.id = m.object_id`,
    [sourceSystemId, prefix, newSystemId, archive.changeSeq],
  );
  // Ended ones, too: one that came back under its old key would be revived in last year's class.
  await tx.query(
    `update enrollment e set source_system_id = $2
      where e.source_system_id = $1 and e.class_id in (select l.object_id from link l where l.source_system_id = $2)`,
    [sourceSystemId, newSystemId],
  );
  return name;
}
