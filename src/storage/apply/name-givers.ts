import { ITEM_BAND, KINDS } from '#core/roster/kinds.ts';

import type { Tx } from '../database.ts';
import { accountOf, RENAMED } from '../plan/identity-rule.ts';
import { joinByHash } from '../plan/join-by-hash.ts';
import { ITEMS } from './item-range.ts';

const FIRST_OF_PEOPLE = KINDS.indexOf('student') * ITEM_BAND;
const LAST_OF_PEOPLE = (KINDS.indexOf('teacher') + 1) * ITEM_BAND - 1;

/** By the number of an item that gives somebody a user name: the item of this pass that gives whoever has it another one. */
export type NameGivers = ReadonlyMap<number, number>;

/**
 * Which items of this pass wait for the user name of which other one. Names are handed on between batches, and between pupils and teachers, who are applied
 * apart. For a transaction of its own: it joins by hash until its end.
 */
export async function listNameGivers(tx: Tx, runId: string): Promise<NameGivers> {
  await joinByHash(tx);
  const rows = await tx.query<{ itemNo: number; giverNo: number }>(
    `with ${ITEMS},
     naming as materialized (
       select i.item_no, i.object_id, i.action, lower(i.after ->> 'userPrincipalName') as name from item i
        where i.after ? 'userPrincipalName' and (i.action = 'create' or i.action in ('update', 'reactivate') and ${RENAMED})),
     giving as materialized (
       select n.item_no, a.user_name_key from naming n cross join ${accountOf('n.object_id')}
        where n.action <> 'create' and a.user_name_key <> n.name)
     select n.item_no as "itemNo", g.item_no as "giverNo" from giving g join naming n on n.name = g.user_name_key`,
    [runId, FIRST_OF_PEOPLE, LAST_OF_PEOPLE],
  );
  return new Map(rows.map(({ itemNo, giverNo }) => [itemNo, giverNo]));
}

/** The items behind or before a range whose people have to get their new names with it: whoever it waits for, and whoever those wait for. */
export function giversBeyond(givers: NameGivers, firstItemNo: number, lastItemNo: number): number[] {
  const beyond = new Set<number>();
  for (const [itemNo, giverNo] of givers) {
    if (itemNo < firstItemNo || itemNo > lastItemNo) continue;
    for (
      let next: number | undefined = giverNo;
      next !== undefined && (next < firstItemNo || next > lastItemNo) && !beyond.has(next);
      next = givers.get(next)
    )
      beyond.add(next);
  }
  return [...beyond];
}
