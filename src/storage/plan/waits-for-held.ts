import { accountOf, RENAMED } from './identity-rule.ts';
import { inBand, inEndings } from './item-band.ts';

/**
 * Queries for what has to wait, too, while schools of a plan wait or were rejected: item_no, and the school in scope_id. $1: the run; $2: its
 * source system. Between joinByHash and joinFreely.
 */
const HELD = `plan_item_hold h join plan_item i on i.run_id = h.run_id and i.item_no = h.item_no
          where h.run_id = $1 and h.pass = 0 and h.scope = 'school'`;

/** Who gets the user name of somebody there who gets another one, and who gets the name of these: it is given up when that school is. */
const WAITS_FOR_NAMES = `
  with recursive naming as materialized (
    select i.item_no, i.object_id, i.action, lower(i.after ->> 'userPrincipalName') as name from plan_item i
     where i.run_id = $1 and ${inBand('i', 'student', 'teacher')} and i.after ? 'userPrincipalName'
       and (i.action = 'create' or i.action in ('update', 'reactivate') and ${RENAMED})
       and i.item_no not in (select f.item_no from plan_item_failure f where f.run_id = $1)),
  giving as materialized (
    select n.item_no, a.user_name_key as name from naming n cross join ${accountOf('n.object_id')}
     where n.action <> 'create' and a.user_name_key <> n.name),
  handed_on as materialized (
    select n.item_no, g.item_no as giver_no from giving g join naming n on n.name = g.name),
  waiting as (
    select o.item_no, h.scope_id from handed_on o
      join plan_item_hold h on h.run_id = $1 and h.item_no = o.giver_no and h.pass = 0 and h.scope = 'school'
    union
    select o.item_no, w.scope_id from waiting w join handed_on o on o.giver_no = w.item_no)
  select item_no, min(scope_id) as scope_id from waiting where $2::uuid is not null group by item_no`;

/** What hangs on records that these schools would create. */
const WAITS_FOR_RECORDS = `
  with missing as materialized (
    select i.key, h.scope_id from ${HELD} and i.action in ('create', 'link', 'reactivate') and i.kind not in ('role', 'enrollment')),
  waiting as (
    select i.item_no, m.scope_id from missing m join plan_item i on i.first_key = m.key where i.run_id = $1
    union all
    select i.item_no, m.scope_id from missing m join plan_item i on i.second_key = m.key where i.run_id = $1)
  select item_no, min(scope_id) as scope_id from waiting where $2::uuid is not null group by item_no`;

/** The endings of people who are let in there, as whom they are known or are linked to with this plan: nobody is left without a place. */
const LET_IN_THERE = `
  with place as materialized (
    select case i.kind when 'role' then i.first_key else i.second_key end as key, h.scope_id
      from ${HELD} and i.kind in ('role', 'enrollment') and i.action in ('create', 'reactivate')),
  awaited as materialized (
    select n.object_id, min(n.scope_id) as scope_id
      from (select l.object_id, p.scope_id from place p join link l on l.source_system_id = $2 and l.key = p.key
            union all
            select i.object_id, p.scope_id from place p join plan_item i on i.key = p.key
             where i.run_id = $1 and ${inBand('i', 'student', 'teacher')} and i.action = 'link') n
     group by n.object_id)
  select i.item_no, a.scope_id from awaited a join plan_item i on i.object_id = a.object_id where i.run_id = $1 and ${inEndings('i')}`;

/** Pupils and teachers of these schools who do not leave them yet do not end as a whole either, wherever else they are known. */
const KEPT_THERE = `
  with staying as materialized (
    select i.object_id, min(h.scope_id) as scope_id
      from ${HELD} and ${inEndings('i')} and i.kind = 'role' and i.object_id is not null group by i.object_id)
  select i.item_no, s.scope_id from staying s join plan_item i on i.object_id = s.object_id
   where i.run_id = $1 and ${inEndings('i')} and i.kind in ('student', 'teacher') and i.action = 'deactivate' and $2::uuid is not null`;

/** In this order: each looks at what the one before has found. */
export const WAITS_FOR_HELD = [WAITS_FOR_NAMES, WAITS_FOR_RECORDS, LET_IN_THERE, KEPT_THERE] as const;
