/** A range of plan items, both ends included, all of one band (one kind, or endings). */
export interface ItemRange {
  readonly runId: string;
  readonly sourceSystemId: string;
  readonly firstItemNo: number;
  readonly lastItemNo: number;
  /** Given to every row this range touches. */
  readonly changeSeq: number;
}

/** The common table `item`: the items of a range that have not failed. Parameters: $1 run, $2 first, $3 last. */
export const ITEMS = `item as (
  select i.* from plan_item i
   where i.run_id = $1 and i.item_no between $2 and $3
     and not exists (select from plan_item_failure f where f.run_id = i.run_id and f.item_no = i.item_no))`;
