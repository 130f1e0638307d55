import { IS_SCHOOL } from '../is-school.ts';
import type { Tx } from '../database.ts';

/** The school that readers see the class in. */
export async function readSchoolOfClass(tx: Tx, classId: string): Promise<string | undefined> {
  const rows = await tx.query<{ id: string }>(
    `select o.id from class c join org o on o.tenant_id = c.tenant_id and o.id = c.org_id
      where c.id = $1 and o.active and ${IS_SCHOOL}`,
    [classId],
  );
  return rows[0]?.id;
}

/**
 * Puts a class into a school, or takes it out of its school (null). Of a class of a sync it is kept what the source said, so that the
 * edit stays until the source says something else. The caller holds the tenant's counter.
 */
export async function setSchoolOfClass(
  tx: Tx,
  edit: { classId: string; schoolId: string | null; changeSeq: number },
): Promise<void> {
  await tx.query(
    `update class c set org_id = $2, version = c.version + 1, change_seq = $3,
            org_by_hand = s.synced and s.said is distinct from $2,
            source_org_id = case when s.synced and s.said is distinct from $2 then s.said end
       from (select k.id, exists (select from link l where l.object_id = k.id and l.kind = 'class') as synced,
                    case when k.org_by_hand then k.source_org_id else k.org_id end as said from class k where k.id = $1) s
      where c.id = s.id`,
    [edit.classId, edit.schoolId, edit.changeSeq],
  );
}
