import { ENDINGS_BAND_START, ITEM_BAND, KINDS, type Kind } from '#core/roster/kinds.ts';
import { must } from '#lib/assert.ts';

import type { Tx } from '../database.ts';
import { applyClasses } from './apply-classes.ts';
import { applyCourses, applyOrgs, applySessions, placeInTree } from './apply-orgs.ts';
import { applyEndings } from './apply-endings.ts';
import { applyEnrollments, applyRoles } from './apply-memberships.ts';
import { applyPeople } from './apply-people.ts';
import type { ItemRange } from './item-range.ts';
import { putBackClasses, putBackPlaces } from './put-back-expired.ts';
import { rememberEndedPlaces, rememberExpiredClasses } from './remember-expired.ts';
import { restoreMemberships } from './restore-memberships.ts';
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
  if (range.keptInId != null)
    return band === 'class' ? putBackClasses(tx, range, range.keptInId) : putBackPlaces(tx, range);
  if (range.remembers === true) {
    if (band === 'class') await rememberExpiredClasses(tx, range);
    if (band === 'endings') await rememberEndedPlaces(tx, range);
  }
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
  if (band === 'org' || band === 'academicSession') await placeInTree(tx, range, band);
  await restoreMemberships(tx, range, band);
}

/** The items of one kind (or the endings) that are left to apply. Batches may have gaps where items belong to another pass. */
export interface ItemBand {
  readonly firstItemNo: number;
  readonly lastItemNo: number;
  readonly items: number;
}

/**
 * What this pass of apply has left behind `afterItemNo`, in the order of apply; and how many items the pass has in all. One pass over
 * the index, at the start of apply: batches are then cut by arithmetic. (A LIMIT per batch would sort what is left of a
 * band each time: the planner takes freshly copied items for a handful.)
 */
export async function listItemBands(
  tx: Tx,
  runId: string,
  afterItemNo: number,
  pass = 1,
): Promise<{ bands: ItemBand[]; total: number }> {
  // Held items are passed over by the statements of a batch; numbering goes on over them.
  const from = pass === 1 ? 'plan_item' : 'plan_item_hold';
  const condition = pass === 1 ? '' : 'and pass = $3';
  const values = pass === 1 ? [runId, afterItemNo] : [runId, afterItemNo, pass];
  const bands = await tx.query<ItemBand & { total: number }>(
    `select min(item_no) filter (where item_no > $2) as "firstItemNo", max(item_no) as "lastItemNo",
            count(*) filter (where item_no > $2)::integer as items, count(*)::integer as total
       from ${from} where run_id = $1 ${condition} group by item_no / ${ITEM_BAND} order by max(item_no)`,
    values,
  );
  return {
    bands: bands.filter(({ items }) => items > 0),
    total: bands.reduce((sum, { total }) => sum + total, 0),
  };
}
