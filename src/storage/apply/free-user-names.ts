import type { Tx } from '../database.ts';
import { RENAMED } from '../plan/identity-rule.ts';
import { ITEMS, type ItemRange } from './item-range.ts';

/**
 * Takes the user name from everybody who gets another one in this range, if somebody else gets theirs: so that names can be handed on and
 * swapped, whatever the order. Until the end of the transaction, in which all get their new ones, the id stands in its place.
 * IS TRUE, on purpose: it makes the names of the range one hash, and not a join of each item with each.
 */
export async function freeUserNames(tx: Tx, range: ItemRange): Promise<void> {
  await tx.query(
    `with ${ITEMS}
     update account a set user_name = a.id::text, mail = case when a.mail = a.user_name then a.id::text else a.mail end
       from item i
      where i.action in ('update', 'reactivate') and ${RENAMED} and a.person_id = i.object_id and a.target_id = 0
        and a.user_name_key <> lower(i.after ->> 'userPrincipalName')
        and (a.user_name_key in (select lower(w.after ->> 'userPrincipalName') from item w)) is true`,
    [range.runId, range.firstItemNo, range.lastItemNo],
  );
}
