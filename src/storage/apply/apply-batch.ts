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

/** The items of one kind (or the endings) that are left to apply. Numbers within a band have no gaps. */
export interface ItemBand {
  readonly firstItemNo: number;
  readonly lastItemNo: number;
  readonly items: number;
}

/**
 * What is left of a plan behind `afterItemNo`, in the order of apply; and how many items it has in all. One pass over the
 * index, at the start of apply: batches are then cut by arithmetic. (A LIMIT per batch would sort what is left of a
 * band each time: the planner takes freshly copied items for a handful.)
 */
export async function listItemBands(
  tx: Tx,
  runId: string,
  afterItemNo: number,
): Promise<{ bands: ItemBand[]; total: number }> {
  const bands = await tx.query<ItemBand>(
    `select min(item_no) as "firstItemNo", max(item_no) as "lastItemNo", count(*)::integer as items
       from plan_item where run_id = $1 and item_no > $2 group by item_no / ${ITEM_BAND} order by 1`,
    [runId, afterItemNo],
  );
  const plans = await tx.query<{ item_count: number }>('select item_count from plan where run_id = $1', [
    runId,
  ]);
  return { bands, total: plans[0]?.item_count ?? 0 };
}
