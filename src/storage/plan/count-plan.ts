import type { PlanCount } from '#core/plan/verdict.ts';

import type { Tx } from '../database.ts';
import { inBand, inEndings } from './item-band.ts';
import { joinByHash, joinFreely } from './join-by-hash.ts';
import { lookUp } from './look-up.ts';
import type { PlanScope } from './resolve-links.ts';
import { SCHOOL_ID, schoolOf, SOURCE_ORG } from './source-references.ts';

/** Changes of an update that come with every new school year and are no accident, however many there are. */
const YEARLY_PROPERTIES = `'{grade,graduationYear,status}'::text[]`;

/** Nor is the mail nickname of a class, which follows from its id. Of an item `i`. */
const UNJUDGED = `(case when i.kind = 'class' then '{mailNickname}'::text[] || ${YEARLY_PROPERTIES} else ${YEARLY_PROPERTIES} end)`;

/** Of two halves of a move, the one that leaves counts as `move`. Of an item `i`. */
export const ITEM_ACTION = `case when i.reason = 'movedToSchool' then 'move' else i.action end`;

/** Whether breakers count an item `i`, if it does not fail. */
export const IS_JUDGED = `case when i.action <> 'update' then true
  else i.kind not in ('role', 'enrollment') and (i.after - ${UNJUDGED}) is distinct from (i.before - ${UNJUDGED}) end`;

/**
 * Counts the items of a run by school, kind and action, and keeps the counts: what a reviewer sees first and what breakers judge. Of two
 * halves of a move, the one that leaves counts as `move`. Once, after all items are resolved.
 */
export async function countPlan(tx: Tx, runId: string): Promise<PlanCount[]> {
  return tx.query<PlanCount & object>(
    `insert into plan_count (tenant_id, run_id, school_id, kind, action, item_count, failed_count, judged_count, first_item_no, last_item_no)
     select current_tenant(), $1, coalesce(i.school_id, ''), i.kind,
            ${ITEM_ACTION},
            count(*), count(f.item_no), count(*) filter (where f.item_no is null and ${IS_JUDGED}),
            min(i.item_no), max(i.item_no)
       from plan_item i left join plan_item_failure f on f.run_id = i.run_id and f.item_no = i.item_no
      where i.run_id = $1 group by 3, 4, 5
     returning school_id as school, kind, action, item_count - failed_count as count, judged_count as judged`,
    [runId],
  );
}

/**
 * What the directory refused has failed since the plan was made: the counts follow.
 * @returns whether there was any.
 */
export async function recountFailures(tx: Tx, runId: string): Promise<boolean> {
  await joinByHash(tx);
  const changed = await tx.query(
    `update plan_count c set failed_count = n.failed_count
       from (select coalesce(i.school_id, '') as school_id, i.kind, ${ITEM_ACTION} as action, count(*) as failed_count
               from plan_item_failure f join plan_item i on i.run_id = f.run_id and i.item_no = f.item_no
              where f.run_id = $1 and i.run_id = $1 group by 1, 2, 3) n
      where c.run_id = $1 and c.school_id = n.school_id and c.kind = n.kind and c.action = n.action
        and c.failed_count <> n.failed_count
     returning 1`,
    [runId],
  );
  await joinFreely(tx);
  return changed.length > 0;
}

/** The counts of a plan as they were stored. */
export async function readPlanCounts(tx: Tx, runId: string): Promise<(PlanCount & { held: number })[]> {
  return tx.query<PlanCount & { held: number }>(
    `select school_id as school, kind, action, item_count - failed_count as count, judged_count as judged, held_count as held
       from plan_count where run_id = $1`,
    [runId],
  );
}

/**
 * Tells people who change schools from people who leave and others who come, and names the school of records that are only known
 * by what they leave behind. After resolveAbsentRecords.
 */
export async function resolveMoves(tx: Tx, scope: PlanScope): Promise<void> {
  await tx.query(
    `with arriving as materialized (
       select i.item_no, l.object_id, i.after ->> 'role' as role
         from plan_item i cross join ${lookUp('link', 'l', 'l.source_system_id = $2 and l.key = i.first_key')}
        where i.run_id = $1 and ${inBand('i', 'role')} and i.action in ('create', 'reactivate')),
     leaving as materialized (
       select i.item_no, i.object_id, i.before ->> 'role' as role
         from plan_item i where i.run_id = $1 and ${inEndings('i')} and i.kind = 'role' and i.action = 'end'),
     moved as (
       select a.item_no, 'movedFromSchool' as reason from arriving a
        where exists (select from leaving l where l.object_id = a.object_id and l.role = a.role)
       union all
       select l.item_no, 'movedToSchool' from leaving l
        where exists (select from arriving a where a.object_id = l.object_id and a.role = l.role))
     update plan_item i set reason = m.reason from moved m where i.run_id = $1 and i.item_no = m.item_no`,
    [scope.runId, scope.sourceSystemId],
  );
  // A class that goes to another school counts at the one it leaves, as people do: also to one that is new with this plan, and has no link yet.
  await tx.query(
    `update plan_item t set action = 'move', reason = 'movedToSchool', school_id = n.school_id,
            before = t.before || jsonb_build_object('school', n.school_id)
       from (select i.item_no, ${SCHOOL_ID} as school_id from plan_item i
              cross join ${lookUp('class', 'c', 'c.tenant_id = i.tenant_id and c.id = i.object_id')}
               ${schoolOf('c', SOURCE_ORG)}
               left join ${lookUp('link', 'o', 'o.source_system_id = $2 and o.key = i.first_key')} on true
              where i.run_id = $1 and ${inBand('i', 'class')} and i.action = 'update' and i.first_key is not null
                and ${SOURCE_ORG} is not null and o.object_id is distinct from ${SOURCE_ORG}) n
      where t.run_id = $1 and ${inBand('t', 'class')} and t.item_no = n.item_no`,
    [scope.runId, scope.sourceSystemId],
  );
  await tx.query(
    `update plan_item i set school_id = r.school_id
       from (select object_id, min(school_id) as school_id from plan_item
              where run_id = $1 and ${inEndings('plan_item')} and kind = 'role' and action = 'end' group by object_id) r
      where i.run_id = $1 and ${inEndings('i')} and i.kind in ('student', 'teacher') and i.action = 'deactivate'
        and i.object_id = r.object_id`,
    [scope.runId],
  );
}
