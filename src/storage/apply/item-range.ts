/** A range of plan items, both ends included, all of one band (one kind, or endings). */
export interface ItemRange {
  readonly runId: string;
  readonly sourceSystemId: string;
  readonly firstItemNo: number;
  readonly lastItemNo: number;
  /** Given to every row this range touches. */
  readonly changeSeq: number;
  /** Items of other ranges whose people get their new user names with this one: see giversBeyond. */
  readonly renamedAhead?: readonly number[];
  /** Of an expiration: what it changes is remembered first. */
  readonly remembers?: boolean;
  /** Of the undo of one: the source system that keeps the expired classes. */
  readonly keptInId?: string | null;
}

const PASS = '(select apply_pass from run where id = $1)';
const HELD = 'select h.item_no from plan_item_hold h where h.run_id = $1 and h.item_no between $2 and $3';

/** The common table `ahead`: the items $4 of other ranges that are to be applied in this pass, too. */
export const AHEAD = `ahead as (
  select i.* from plan_item i
   where i.run_id = $1 and i.item_no = any($4::integer[])
     and i.item_no not in (select f.item_no from plan_item_failure f where f.run_id = $1)
     and case when ${PASS} = 1 then i.item_no not in (select h.item_no from plan_item_hold h where h.run_id = $1)
              else i.item_no in (select h.item_no from plan_item_hold h where h.run_id = $1 and h.pass = ${PASS}) end)`;

/**
 * The common table `item`: the items of a range that this pass of apply is about and that have not failed. Pass 1 is about all that are
 * not held, a later one about those that were released for it. Parameters: $1 run, $2 first, $3 last.
 * NOT IN, and not NOT EXISTS, on purpose: it becomes one hash of the range's failures. The planner, who knows nothing of rows
 * this fresh, would make the other a nested loop over all failures of the run for each item.
 */
export const ITEMS = `item as (
  select i.* from plan_item i
   where i.run_id = $1 and i.item_no between $2 and $3
     and i.item_no not in (select f.item_no from plan_item_failure f where f.run_id = $1 and f.item_no between $2 and $3)
     and case when ${PASS} = 1 then i.item_no not in (${HELD}) else i.item_no in (${HELD} and h.pass = ${PASS}) end)`;
