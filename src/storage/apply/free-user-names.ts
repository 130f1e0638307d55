import type { Tx } from '../database.ts';
import { accountOf, RENAMED } from '../plan/identity-rule.ts';
import { AHEAD, ITEMS, type ItemRange } from './item-range.ts';

/** Items `i` that give people another user name. */
const RENAMING = `i.action in ('update', 'reactivate') and ${RENAMED} and i.after ? 'userPrincipalName'`;

/**
 * Takes the user name from everybody who gets another one in this range, if somebody else gets theirs: so that names can be handed on and
 * swapped, whatever the order. Until the end of the transaction, in which all get their new ones, the id stands in its place. Those of other ranges get
 * theirs here, too (`renamedAhead`): nobody is without a name between two batches, whatever happens there.
 * IS TRUE, on purpose: it makes the names of the range one hash, and not a join of each item with each. Accounts are looked up one by one, and changed
 * by their ids: joined with items of which PostgreSQL has no statistics, each was compared with each.
 */
export async function freeUserNames(tx: Tx, range: ItemRange): Promise<void> {
  const values = [range.runId, range.firstItemNo, range.lastItemNo, range.renamedAhead ?? []];
  const found = await tx.query<{ id: string; name: string; isWanted: boolean; isAhead: boolean }>(
    `with ${ITEMS}, ${AHEAD},
     renaming as materialized (
       select i.object_id, i.after ->> 'userPrincipalName' as name, false as is_ahead from item i where ${RENAMING}
       union all
       select i.object_id, i.after ->> 'userPrincipalName', true from ahead i where ${RENAMING}),
     wanted as materialized (
       select lower(i.after ->> 'userPrincipalName') as name from item i union all select lower(r.name) from renaming r)
     select a.id, r.name, r.is_ahead as "isAhead", (a.user_name_key in (select w.name from wanted w)) is true as "isWanted"
       from renaming r cross join ${accountOf('r.object_id')}
      where a.user_name_key <> lower(r.name)`,
    values,
  );
  const wanted = found.filter(({ isWanted }) => isWanted);
  if (wanted.length > 0)
    await tx.query(
      `update account a set user_name = a.id::text, mail = case when a.mail = a.user_name then a.id::text else a.mail end
        where a.id = any($1::uuid[])`,
      [wanted.map(({ id }) => id)],
    );
  const ahead = found.filter(({ isAhead }) => isAhead);
  if (ahead.length > 0)
    await tx.query(
      `update account a set user_name = n.name, mail = case when a.mail = a.user_name then n.name else a.mail end,
              version = a.version + 1, change_seq = $3
         from unnest($1::uuid[], $2::text[]) as n(id, name) where a.id = n.id`,
      [ahead.map(({ id }) => id), ahead.map(({ name }) => name), range.changeSeq],
    );
}
