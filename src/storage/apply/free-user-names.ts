import type { Tx } from '../database.ts';
import { RENAMED } from '../plan/identity-rule.ts';
import { inBand } from '../plan/item-band.ts';
import { lookUp } from '../plan/look-up.ts';
import { ITEMS, type ItemRange } from './item-range.ts';

const LAST_ITEM_NO = 2 ** 31 - 1;

/** An item `i` gives a person who is known another user name. */
const RENAMES = `i.action in ('update', 'reactivate') and ${RENAMED}`;
/** The account of the name that an item `i` gives. */
const HOLDER = lookUp(
  'account',
  'a',
  `a.target_id = 0 and a.user_name_key = lower(i.after ->> 'userPrincipalName') and a.person_id <> i.object_id`,
);

/**
 * Takes the user name from everybody who gets another one in this range, if somebody else gets theirs: so that names can be handed on and
 * swapped, whatever the order. Until the end of the transaction, in which all get their new ones, the id stands in its place. Who gets another one
 * in a range that is still to come, and whose name is needed now, gets it with this one.
 * IS TRUE, on purpose: it makes the names of the range one hash, and not a join of each item with each.
 */
export async function freeUserNames(tx: Tx, range: ItemRange): Promise<void> {
  const early = await listRenamedEarly(tx, range);
  await tx.query(
    `with ${ITEMS},
     named as (
       select i.* from item i union all select i.* from plan_item i where i.run_id = $1 and i.item_no = any($4::integer[]))
     update account a set user_name = a.id::text, mail = case when a.mail = a.user_name then a.id::text else a.mail end
       from named i
      where ${RENAMES} and a.person_id = i.object_id and a.target_id = 0
        and a.user_name_key <> lower(i.after ->> 'userPrincipalName')
        and (a.user_name_key in (select lower(w.after ->> 'userPrincipalName') from named w)) is true`,
    [range.runId, range.firstItemNo, range.lastItemNo, early],
  );
  if (early.length === 0) return;
  await tx.query(
    `update account a set user_name = i.after ->> 'userPrincipalName', version = a.version + 1, change_seq = $3,
            mail = case when a.mail = a.user_name then i.after ->> 'userPrincipalName' else a.mail end
       from plan_item i
      where i.run_id = $1 and i.item_no = any($2::integer[]) and a.person_id = i.object_id and a.target_id = 0`,
    [range.runId, early, range.changeSeq],
  );
}

/** The items outside the range that give up a name which it needs, those that give up one which these need, and so on. */
async function listRenamedEarly(tx: Tx, range: ItemRange): Promise<number[]> {
  const needed = await tx.query<{ personId: string }>(
    `with ${ITEMS}
     select a.person_id as "personId" from item i cross join ${HOLDER}
      where (i.action = 'create' or ${RENAMES})
        and (a.person_id in (select i.object_id from item i where ${RENAMES})) is not true`,
    [range.runId, range.firstItemNo, range.lastItemNo],
  );
  if (needed.length === 0) return [];
  const renamed = await tx.query<{ itemNo: number; personId: string; holderId: string | null }>(
    `with ${ITEMS}
     select i.item_no as "itemNo", i.object_id as "personId", a.person_id as "holderId" from item i left join ${HOLDER} on true
      where ${inBand('i', 'student', 'teacher')} and ${RENAMES} and i.after ? 'userPrincipalName'`,
    [range.runId, 0, LAST_ITEM_NO],
  );
  const byPerson = Map.groupBy(renamed, ({ personId }) => personId);
  const people = new Set(needed.map(({ personId }) => personId));
  const early: number[] = [];
  // A set is walked through with what is added on the way.
  for (const person of people)
    for (const { itemNo, holderId } of byPerson.get(person) ?? []) {
      if (itemNo < range.firstItemNo || itemNo > range.lastItemNo) early.push(itemNo);
      if (holderId !== null) people.add(holderId);
    }
  return early;
}
