import type { Kind } from '#core/roster/kinds.ts';

import type { Tx } from '../database.ts';
import { ITEMS, type ItemRange } from './item-range.ts';

const TABLES: Readonly<Record<Kind, string>> = {
  org: 'org',
  academicSession: 'academic_session',
  course: 'course',
  class: 'class',
  student: 'person',
  teacher: 'person',
  role: 'role',
  enrollment: 'enrollment',
};

/**
 * An item whose object has another version than when it was planned is set aside: it is planned anew by the next sync,
 * the rest of the plan stands. A version raised by an earlier item of the same run does not count.
 */
export async function setStaleItemsAside(tx: Tx, range: ItemRange, band: Kind | 'endings'): Promise<void> {
  if (band === 'endings') return;
  const table = TABLES[band];
  const same =
    table === 'role' || table === 'enrollment'
      ? `o.source_system_id = '${range.sourceSystemId}' and o.key = i.key`
      : 'o.id = i.object_id';
  const moved = await tx.query<{ itemNo: number; objectId: string | null }>(
    `with ${ITEMS}
     select i.item_no as "itemNo", i.object_id as "objectId" from item i join ${table} o on ${same}
      where i.base_version is not null and o.version <> i.base_version`,
    [range.runId, range.firstItemNo, range.lastItemNo],
  );
  if (table === 'person') await setOrphanedLinksAside(tx, range);
  if (moved.length === 0) return;
  // Students come before teachers, and what was held after what was not: who is both was raised by this run. (NOT IN, as in ITEMS: one hash, not a loop over all.)
  await tx.query(
    `insert into plan_item_failure (tenant_id, run_id, item_no, code, message, because_of)
     select current_tenant(), $1, m.item_no, 'StaleItem',
            'The record was changed by somebody else after the plan was made. It is planned anew with the next sync.', null
       from unnest($2::integer[], $3::uuid[]) as m(item_no, object_id)
      where $4::text not in ('student', 'teacher')
         or m.object_id not in (select e.object_id from plan_item e
                                 where e.run_id = $1 and e.kind in ('student', 'teacher') and e.kind <> $4 and e.object_id is not null
                                   and ($4 = 'teacher' or (select apply_pass from run where id = $1) > 1))
     on conflict do nothing`,
    [range.runId, moved.map(({ itemNo }) => itemNo), moved.map(({ objectId }) => objectId), band],
  );
}

/** A link to a person that another record of the plan was to make, and did not: it waits for it. */
async function setOrphanedLinksAside(tx: Tx, range: ItemRange): Promise<void> {
  await tx.query(
    `with ${ITEMS}
     insert into plan_item_failure (tenant_id, run_id, item_no, code, message, because_of)
     select current_tenant(), i.run_id, i.item_no, 'InvalidLookupReference', 'Waits for a record that could not be written.', null
       from item i
      where i.action = 'link' and not exists (select from person p where p.tenant_id = i.tenant_id and p.id = i.object_id)
     on conflict do nothing`,
    [range.runId, range.firstItemNo, range.lastItemNo],
  );
}
