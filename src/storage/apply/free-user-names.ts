import type { Tx } from '../database.ts';
import { accountOf, RENAMED } from '../plan/identity-rule.ts';
import { ITEMS, type ItemRange } from './item-range.ts';

/**
 * Takes the user name from everybody who gets another one in this range, if somebody else gets theirs: so that names can be handed on and
 * swapped, whatever the order. Until the end of the transaction, in which all get their new ones, the id stands in its place.
 * IS TRUE, on purpose: it makes the names of the range one hash, and not a join of each item with each. Accounts are looked up one by one, and changed
 * by their ids: joined with items of which PostgreSQL has no statistics, each was compared with each.
 */
export async function freeUserNames(tx: Tx, range: ItemRange): Promise<void> {
  const values = [range.runId, range.firstItemNo, range.lastItemNo];
  const giving = await tx.query<{ id: string }>(
    `with ${ITEMS}
     select a.id from item i cross join ${accountOf('i.object_id')}
      where i.action in ('update', 'reactivate') and ${RENAMED}
        and a.user_name_key <> lower(i.after ->> 'userPrincipalName')
        and (a.user_name_key in (select lower(w.after ->> 'userPrincipalName') from item w)) is true`,
    values,
  );
  if (giving.length === 0) return;
  await tx.query(
    `update account a set user_name = a.id::text, mail = case when a.mail = a.user_name then a.id::text else a.mail end
      where a.id = any($1::uuid[])`,
    [giving.map(({ id }) => id)],
  );
}
