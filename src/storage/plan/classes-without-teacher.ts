import { type ClassesWithoutTeacher, WITHOUT_TEACHER_EXAMPLES } from '#core/plan/classes-without-teacher.ts';

import type { Tx } from '../database.ts';
import { inBand, inEndings } from './item-band.ts';
import { joinByHash, joinFreely } from './join-by-hash.ts';
import { lookUp } from './look-up.ts';
import type { PlanScope } from './resolve-links.ts';

/** An item `i` that can be applied. */
const UNFAILED = `not exists (select from plan_item_failure f where f.run_id = i.run_id and f.item_no = i.item_no)`;

/**
 * Classes that go on and whose last active teacher's place ends in the plan, by school: no teacher comes in the plan, and none is left, whether of
 * this source, of another one or set by hand. After resolveAbsentRecords. Looks up the places that teachers leave, and the classes of these.
 */
export async function readClassesWithoutTeacher(tx: Tx, scope: PlanScope): Promise<ClassesWithoutTeacher[]> {
  await joinByHash(tx);
  const rows = await tx.query<ClassesWithoutTeacher & object>(
    `with ended as materialized (
       select i.key, i.tenant_id, coalesce(i.school_id, '') as school from plan_item i
        where i.run_id = $1 and ${inEndings('i')} and i.kind = 'enrollment' and i.action = 'end'
          and i.before ->> 'role' = 'teacher' and ${UNFAILED}),
     left_class as materialized (
       select e.tenant_id, e.class_id, min(x.school) as school from ended x
        cross join ${lookUp('enrollment', 'e', 'e.source_system_id = $2 and e.key = x.key')}
        group by 1, 2),
     ended_class as materialized (
       select i.key from plan_item i
        where i.run_id = $1 and ${inEndings('i')} and i.kind = 'class' and i.action = 'deactivate' and ${UNFAILED}),
     goes_on as materialized (
       select c.tenant_id, c.id, l.key, l.source_id, m.school from left_class m
        cross join ${lookUp('class', 'c', 'c.tenant_id = m.tenant_id and c.id = m.class_id and c.active')}
        cross join ${lookUp('link', 'l', `l.tenant_id = c.tenant_id and l.object_id = c.id and l.source_system_id = $2 and l.kind = 'class'`)}
        where not exists (select from ended_class x where x.key = l.key)),
     taught as (
       select g.id from goes_on g
        cross join ${lookUp('enrollment', 'e', `e.tenant_id = g.tenant_id and e.class_id = g.id and e.active and e.role = 'teacher'`)}
         left join ended x on x.key = e.key and e.source_system_id = $2
        where x.key is null
       union all
       select g.id from goes_on g join plan_item i on i.first_key = g.key
        where i.run_id = $1 and ${inBand('i', 'enrollment')} and i.action in ('create', 'reactivate')
          and i.after ->> 'role' = 'teacher' and ${UNFAILED}),
     numbered as (
       select g.school, g.source_id, count(*) over (partition by g.school)::integer as count,
              row_number() over (partition by g.school order by g.source_id) as place
         from goes_on g where not exists (select from taught t where t.id = g.id))
     select school, count, array_agg(source_id order by place) as examples
       from numbered where place <= ${WITHOUT_TEACHER_EXAMPLES} group by school, count order by school`,
    [scope.runId, scope.sourceSystemId],
  );
  await joinFreely(tx);
  return rows;
}
