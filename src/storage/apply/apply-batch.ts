import { ENDINGS_BAND_START, ITEM_BAND, KINDS, type Kind } from '#core/roster/kinds.ts';
import { must } from '#lib/assert.ts';

import type { Tx } from '../database.ts';
import { applyClasses } from './apply-classes.ts';
import { applyCourses, applyOrgs, applySessions } from './apply-orgs.ts';
import { applyEndings } from './apply-endings.ts';
import { applyEnrollments, applyRoles } from './apply-memberships.ts';
import { applyPeople } from './apply-people.ts';
import type { ItemRange } from './item-range.ts';
import { saveLinks } from './save-links.ts';
import { setStaleItemsAside } from './stale-items.ts';

/** The kind of the band an item number lies in; 'endings' for the last one. */
export function bandOf(itemNo: number): Kind | 'endings' {
  return itemNo >= ENDINGS_BAND_START ? 'endings' : must(KINDS[Math.floor(itemNo / ITEM_BAND)]);
}

/**
 * Brings the items of one range into the directory. The caller's transaction has checked the epoch of the run, holds
 * the tenant's counter, and moves run.applied_item_no; so a range is applied wholly and once, or not at all.
 */
export async function applyRange(tx: Tx, range: ItemRange): Promise<void> {
  const band = bandOf(range.firstItemNo);
  await setStaleItemsAside(tx, range, band);
  switch (band) {
    case 'org':
      await applyOrgs(tx, range);
      break;
    case 'academicSession':
      await applySessions(tx, range);
      break;
    case 'course':
      await applyCourses(tx, range);
      break;
    case 'class':
      await applyClasses(tx, range);
      break;
    case 'student':
    case 'teacher':
      await applyPeople(tx, range, band);
      break;
    case 'role':
      await applyRoles(tx, range);
      return;
    case 'enrollment':
      await applyEnrollments(tx, range);
      return;
    case 'endings':
      await applyEndings(tx, range);
      return;
  }
  await saveLinks(tx, range);
}

/** The last item number of the next batch after `afterItemNo`: at most `limit` items, all of one band. Null: no item is left. */
export async function findBatchEnd(
  tx: Tx,
  runId: string,
  afterItemNo: number,
  limit: number,
): Promise<{ firstItemNo: number; lastItemNo: number; items: number } | null> {
  const rows = await tx.query<{ first_no: number | null; last_no: number | null; items: number }>(
    `with head as (select item_no from plan_item where run_id = $1 and item_no > $2 order by item_no limit 1),
          batch as (select i.item_no from plan_item i, head h
                     where i.run_id = $1 and i.item_no >= h.item_no
                       and i.item_no < least((h.item_no / ${ITEM_BAND}::bigint + 1) * ${ITEM_BAND}::bigint, 2147483647)
                     order by i.item_no limit $3)
     select min(item_no) as first_no, max(item_no) as last_no, count(*)::integer as items from batch`,
    [runId, afterItemNo, limit],
  );
  const row = rows[0];
  if (row === undefined || row.first_no === null || row.last_no === null) return null;
  return { firstItemNo: row.first_no, lastItemNo: row.last_no, items: row.items };
}

/** Items of a plan in all, and those up to the watermark. */
export async function countApplied(
  tx: Tx,
  runId: string,
  appliedItemNo: number,
): Promise<{ total: number; done: number }> {
  const rows = await tx.query<{ total: number; done: number }>(
    `select coalesce((select item_count from plan where run_id = $1), 0) as total,
            case when $2 = 0 then 0 else (select count(*) from plan_item where run_id = $1 and item_no <= $2)::integer end as done`,
    [runId, appliedItemNo],
  );
  return rows[0] ?? { total: 0, done: 0 };
}
