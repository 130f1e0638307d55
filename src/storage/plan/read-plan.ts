import type { Action, Kind, Reason } from '#core/roster/kinds.ts';
import type { Verdict } from '#core/plan/verdict.ts';
import type { RunState } from '#core/run/run-state.ts';

import type { Tx } from '../database.ts';

export interface StoredPlan {
  readonly runId: string;
  readonly profileId: string;
  readonly state: RunState;
  readonly planOnly: boolean;
  readonly errorCode: string | null;
  readonly rosterHash: string;
  readonly planHash: string;
  readonly itemCount: number;
  readonly verdict: Verdict;
  readonly certificate: unknown;
  readonly createdAt: Date;
  readonly acceptedBy: string | null;
  readonly acceptedAt: Date | null;
  /** Another run has changed the directory since the plan was made. */
  readonly stale: boolean;
}

/** The profile stands where it did not stand when the plan was made: of `plan l` and `profile p`. */
export const BASE_MOVED = `(p.accepted_run_id is distinct from l.base_run_id
  or l.base_pass is distinct from (select b.apply_pass from run b where b.tenant_id = p.tenant_id and b.id = p.accepted_run_id))`;

/** The plan of a run; null: it has none (yet). */
export async function readPlan(tx: Tx, runId: string): Promise<StoredPlan | null> {
  const rows = await tx.query<StoredPlan & object>(
    `select r.id as "runId", r.profile_id as "profileId", r.state, r.plan_only as "planOnly", r.error_code as "errorCode",
            l.roster_hash as "rosterHash", l.plan_hash as "planHash", l.item_count as "itemCount", l.verdict, r.certificate,
            l.created_at as "createdAt", r.accepted_by as "acceptedBy", r.accepted_at as "acceptedAt",
            r.state in ('held', 'queued') and p.accepted_run_id is distinct from r.id and ${BASE_MOVED} as stale
       from run r join plan l on l.run_id = r.id join profile p on p.tenant_id = r.tenant_id and p.id = r.profile_id
      where r.id = $1`,
    [runId],
  );
  return rows[0] ?? null;
}

export interface CountLine {
  readonly kind: Kind;
  readonly action: Action;
  /** All items, those that failed or are held among them. */
  readonly items: number;
  readonly failed: number;
  readonly held: number;
}

export interface SchoolCounts {
  /** Source id; empty: what belongs to no school. */
  readonly school: string;
  readonly name: string | null;
  readonly items: number;
  readonly held: number;
  readonly counts: readonly CountLine[];
}

/** The plan counted by kind and action, over all schools. */
export async function readPlanTotals(tx: Tx, runId: string): Promise<CountLine[]> {
  return tx.query<CountLine & object>(
    `select kind, action, sum(item_count)::integer as items, sum(failed_count)::integer as failed, sum(held_count)::integer as held
       from plan_count where run_id = $1 group by kind, action order by min(first_item_no), action`,
    [runId],
  );
}

/** The plan counted by school, in the order of the schools' ids, after a school. */
export async function readPlanSchools(
  tx: Tx,
  runId: string,
  page: { readonly after: string | null; readonly limit: number },
): Promise<SchoolCounts[]> {
  return tx.query<SchoolCounts & object>(
    `with school as materialized (
       select c.school_id, sum(c.item_count)::integer as items, sum(c.held_count)::integer as held,
              jsonb_agg(jsonb_build_object('kind', c.kind, 'action', c.action, 'items', c.item_count, 'failed', c.failed_count,
                                           'held', c.held_count) order by c.first_item_no) as counts
         from plan_count c where c.run_id = $1 and ($2::text is null or c.school_id > $2)
        group by c.school_id order by c.school_id limit $3)
     select s.school_id as school, s.items, s.held, s.counts,
            coalesce(
              (select g.display_name from run r join profile p on p.tenant_id = r.tenant_id and p.id = r.profile_id
                 join link l on l.source_system_id = p.source_system_id and l.kind = 'org' and l.source_id = s.school_id
                 join org g on g.id = l.object_id where r.id = $1),
              (select i.after ->> 'displayName' from plan_count c join plan_item i
                   on i.run_id = c.run_id and i.item_no between c.first_item_no and c.last_item_no and i.source_id = s.school_id
                where c.run_id = $1 and i.run_id = $1 and c.school_id = s.school_id and c.kind = 'org' limit 1)) as name
       from school s order by s.school_id`,
    [runId, page.after, page.limit],
  );
}

/** What items to read. All that are given must fit. */
export interface ItemFilter {
  readonly school?: string | undefined;
  readonly kind?: Kind | undefined;
  readonly action?: Action | undefined;
  readonly reason?: Reason | undefined;
  readonly sourceId?: string | undefined;
  readonly only?: 'held' | 'failed' | undefined;
}

export interface ReadItem {
  readonly itemNo: number;
  readonly kind: Kind;
  readonly action: Action;
  readonly reason: Reason;
  readonly sourceId: string | null;
  readonly school: string | null;
  readonly objectId: string | null;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly file: string | null;
  readonly line: number | null;
  /** What became of it, as far as the run is. */
  readonly state: 'planned' | 'held' | 'rejected' | 'applied' | 'failed' | 'waiting' | 'dropped';
  readonly failureCode: string | null;
  readonly failureMessage: string | null;
}

/** A range of item numbers, both ends included. */
interface Span {
  readonly first: number;
  readonly last: number;
}

/** Item numbers looked at by one statement: few at first, more while little is found. */
const FIRST_SLICE = 1_000;
const LONGEST_SLICE = 250_000;

const HELD = 'plan_item_hold n where n.run_id = $1 and n.pass = 0';
const FAILED = 'plan_item_failure n where n.run_id = $1';

/**
 * Items of a plan in the order of apply, after an item number. No initial password is among what is read.
 *
 * In slices of item numbers, and not with one ordered query: plan_item is a view that guards the tenant, and PostgreSQL takes no order
 * out of such a view, but reads and sorts all that comes after, for every page.
 */
export async function listPlanItems(
  tx: Tx,
  runId: string,
  filter: ItemFilter,
  page: { readonly afterNo: number; readonly limit: number },
): Promise<ReadItem[]> {
  const found: ReadItem[] = [];
  let length = FIRST_SLICE;
  for (const span of await readSpans(tx, runId, filter, page.afterNo)) {
    let first = Math.max(span.first, page.afterNo + 1);
    while (first <= span.last) {
      const slice = { first, last: Math.min(first + length - 1, span.last) };
      found.push(...(await readSlice(tx, runId, filter, slice, page.limit - found.length)));
      if (found.length >= page.limit) return found;
      first = slice.last + 1;
      length = Math.min(length * 2, LONGEST_SLICE);
    }
  }
  return found;
}

/** Where the items that are wanted lie, in order: the counts tell it of a school and a kind, the lists of what is held and what failed. */
async function readSpans(tx: Tx, runId: string, filter: ItemFilter, afterNo: number): Promise<Span[]> {
  if (filter.only !== undefined) {
    return tx.query<Span & object>(
      `select min(n.item_no) as first, max(n.item_no) as last from ${filter.only === 'held' ? HELD : FAILED} and n.item_no > $2
        group by n.item_no / ${LONGEST_SLICE} order by 1`,
      [runId, afterNo],
    );
  }
  return tx.query<Span & object>(
    `select lower(span) as first, upper(span) - 1 as last
       from (select unnest(range_agg(int4range(first_item_no, last_item_no, '[]'))) as span from plan_count
              where run_id = $1 and last_item_no > $2 and ($3::text is null or school_id = $3) and ($4::text is null or kind = $4)) s
      order by 1`,
    [runId, afterNo, filter.school ?? null, filter.kind ?? null],
  );
}

/**
 * A plan of a minute ago has no statistics yet, and PostgreSQL takes it for one row. So the rows are cut off before any join, and what
 * belongs to a row is looked up row by row: `limit 1` keeps PostgreSQL from joining it otherwise.
 */
async function readSlice(
  tx: Tx,
  runId: string,
  filter: ItemFilter,
  slice: Span,
  limit: number,
): Promise<ReadItem[]> {
  const { school, kind, action, reason, sourceId, only } = filter;
  const among = (list: string): string =>
    `and i.item_no in (select n.item_no from ${list} and n.item_no between $2 and $3)`;
  return tx.query<ReadItem & object>(
    `with slice as materialized (
       select i.* from plan_item i
        where i.run_id = $1 and i.item_no between $2 and $3
          and ($5::text is null or coalesce(i.school_id, '') = $5) and ($6::text is null or i.kind = $6)
          and ($7::text is null or case when i.reason = 'movedToSchool' then 'move' else i.action end = $7)
          and ($8::text is null or i.reason = $8) and ($9::text is null or i.source_id = $9)
          ${only === undefined ? '' : among(only === 'held' ? HELD : FAILED)}
        order by i.item_no limit $4)
     select i.item_no as "itemNo", i.kind, i.action, i.reason, i.source_id as "sourceId", i.school_id as school,
            i.object_id as "objectId", i.before, i.after, i.file, i.line, f.code as "failureCode", f.message as "failureMessage",
            case when f.item_no is not null then case when f.because_of is null then 'failed' else 'waiting' end
                 when h.decision = 'rejected' or r.state = 'rejected' then 'rejected'
                 when h.pass = 0 then case when r.state in ('superseded', 'cancelled') then 'dropped' else 'held' end
                 when r.state = 'completed' or r.apply_pass > coalesce(h.pass, 1)
                   or (r.apply_pass = coalesce(h.pass, 1) and i.item_no <= r.applied_item_no) then 'applied'
                 when r.state in ('superseded', 'cancelled') then 'dropped'
                 else 'planned' end as state
       from slice i
       join run r on r.id = $1
       left join lateral (select n.item_no, n.because_of, n.code, n.message from plan_item_failure n
                           where n.run_id = $1 and n.item_no = i.item_no limit 1) f on true
       left join lateral (select n.pass, d.decision from plan_item_hold n
                            left join plan_hold d on d.run_id = n.run_id and d.scope = n.scope and d.scope_id = n.scope_id
                           where n.run_id = $1 and n.item_no = i.item_no limit 1) h on true
      order by i.item_no`,
    [
      runId,
      slice.first,
      slice.last,
      limit,
      school ?? null,
      kind ?? null,
      action ?? null,
      reason ?? null,
      sourceId ?? null,
    ],
  );
}
