import type { LinkedKind } from '#core/roster/kinds.ts';

import type { Tx } from '../database.ts';
import { ITEMS, type ItemRange } from './item-range.ts';

/** Memberships by the kinds of their two ends: table, column of this end, and the condition that the other end is there. */
const CLASS_IS_THERE =
  'exists (select from class c where c.tenant_id = m.tenant_id and c.id = m.class_id and c.active)';
const ORG_IS_THERE =
  'exists (select from org o where o.tenant_id = m.tenant_id and o.id = m.org_id and o.active)';
const PERSON_IS_THERE =
  'exists (select from person p where p.tenant_id = m.tenant_id and p.id = m.person_id and p.active)';
const ENDS: Readonly<
  Partial<Record<LinkedKind, readonly (readonly [table: string, column: string, other: string])[]>>
> = {
  org: [['role', 'org_id', PERSON_IS_THERE]],
  class: [['enrollment', 'class_id', PERSON_IS_THERE]],
  student: [
    ['role', 'person_id', ORG_IS_THERE],
    ['enrollment', 'person_id', CLASS_IS_THERE],
  ],
  teacher: [
    ['role', 'person_id', ORG_IS_THERE],
    ['enrollment', 'person_id', CLASS_IS_THERE],
  ],
};

/**
 * What was deleted by hand and is back has the memberships again that were ended with it, of all sources and those made by hand.
 * No new version: items of this run are about the same rows.
 */
export async function restoreMemberships(tx: Tx, range: ItemRange, band: LinkedKind): Promise<void> {
  for (const [table, column, other] of ENDS[band] ?? []) {
    // Almost always there are none at all, which a small index tells.
    const any = await tx.query(`select 1 from ${table} where removed_by_hand = 'withObject' limit 1`);
    if (any.length === 0) continue;
    await tx.query(
      `with ${ITEMS}
       update ${table} m set active = true, removed_by_hand = null, change_seq = $4
         from item i
        where i.action in ('reactivate', 'link') and m.${column} = i.object_id and m.removed_by_hand = 'withObject' and ${other}`,
      [range.runId, range.firstItemNo, range.lastItemNo, range.changeSeq],
    );
  }
}
