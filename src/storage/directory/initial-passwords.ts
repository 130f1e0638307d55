import type { Tx } from '../database.ts';
import { lockDirectory } from './next-change-seq.ts';

export interface SealedPassword {
  readonly accountId: string;
  readonly kind: 'student' | 'teacher';
  /** Id of the person in the source. */
  readonly sourceId: string;
  /** Id of a school in which the person has that role. */
  readonly schoolId: string | null;
  readonly displayName: string;
  readonly userPrincipalName: string;
  readonly sealed: Buffer;
}

/**
 * Initial passwords of people of a source system that nobody was handed yet, in the order of account ids, from behind `afterId` on. They
 * become part of the export, and of no earlier one.
 */
export async function readPasswordsForExport(
  tx: Tx,
  page: { sourceSystemId: string; exportId: string; afterId: string | null; limit: number },
): Promise<SealedPassword[]> {
  await lockDirectory(tx);
  const rows = await tx.query<SealedPassword & object>(
    `with page as materialized (
       select a.id, a.person_id, l.kind, l.source_id from account a
        cross join lateral (
          select l.kind, l.source_id from link l
           where l.tenant_id = a.tenant_id and l.object_id = a.person_id and l.source_system_id = $1
             and l.kind in ('student', 'teacher') and l.active order by l.kind limit 1) l
        where a.target_id = 0 and a.initial_password is not null and a.initial_password_handed_at is null
          and ($3::uuid is null or a.id > $3) order by a.id limit $4)
     update account a set initial_password_export = $2
       from page p join person n on n.id = p.person_id
      where a.id = p.id
     returning a.id as "accountId", p.kind, p.source_id as "sourceId", n.display_name as "displayName", a.user_name as "userPrincipalName",
       a.initial_password as sealed,
       (select o.external_id from role r join org o on o.tenant_id = r.tenant_id and o.id = r.org_id
         where r.person_id = p.person_id and r.role = p.kind and r.active order by o.id limit 1) as "schoolId"`,
    [page.sourceSystemId, page.exportId, page.afterId, page.limit],
  );
  return rows.toSorted((a, b) => (a.accountId < b.accountId ? -1 : 1));
}

/** The passwords of an export have arrived: nobody is shown them again. @returns how many; 0 when it was confirmed before. */
export async function markPasswordsHanded(tx: Tx, sourceSystemId: string, exportId: string): Promise<number> {
  await lockDirectory(tx);
  const rows = await tx.query<{ count: number }>(
    `with handed as (
       update account a set initial_password_handed_at = now()
        where a.initial_password_export = $2 and a.initial_password_handed_at is null
          and exists (select from link l where l.tenant_id = a.tenant_id and l.object_id = a.person_id and l.source_system_id = $1)
       returning 1)
     select count(*)::integer as count from handed`,
    [sourceSystemId, exportId],
  );
  return rows[0]?.count ?? 0;
}
