import { REUSED_EXAMPLES, type ReusedClass, type ReusedClasses } from '#core/plan/reused-classes.ts';

import type { Tx } from '../database.ts';
import { joinByHash, joinFreely } from './join-by-hash.ts';
import { inBand, inEndings } from './item-band.ts';
import { lookUp } from './look-up.ts';
import type { PlanScope } from './resolve-links.ts';
import { SOURCE_COURSE, SOURCE_SESSION } from './source-references.ts';

/** What an item `i` names now with a key that has no link yet is new, so another than before. */
const differs = (key: string, link: string, before: string): string =>
  `(${link}.object_id is distinct from ${before} or (i.${key} is not null and ${link}.object_id is null))`;

/** The source id of an object, as its source gave it. */
const sourceIdOf = (objectId: string): string =>
  `(select l.source_id from link l where l.source_system_id = $2 and l.object_id = ${objectId} limit 1)`;

/** The source id of what an item `i` names now: known from before, or new with this plan. */
const namedNow = (key: string, kind: string): string =>
  `coalesce((select l.source_id from link l where l.source_system_id = $2 and l.key = m.${key}),
            (select n.source_id from named n where n.kind = '${kind}' and n.key = m.${key} limit 1))`;

/**
 * Classes that the plan changes, whose session or course is another than the source said last, and more than half of whose students from
 * this source end in the plan, by school. After resolveMoves. Looks up classes that change, and the places of those whose session or course does.
 */
export async function readReusedClasses(tx: Tx, scope: PlanScope): Promise<ReusedClasses[]> {
  await joinByHash(tx);
  const rows = await tx.query<ReusedClass & { school: string; count: number }>(
    `with changed as materialized (
       select i.source_id, coalesce(i.school_id, '') as school, i.object_id, i.second_key, i.third_key,
              ${SOURCE_SESSION} as session_id, ${SOURCE_COURSE} as course_id, ${differs('third_key', 's', SOURCE_SESSION)} as other_session
         from plan_item i
        cross join ${lookUp('class', 'c', 'c.tenant_id = i.tenant_id and c.id = i.object_id and c.active')}
         left join ${lookUp('link', 's', 's.source_system_id = $2 and s.key = i.third_key')} on true
         left join ${lookUp('link', 'k', 'k.source_system_id = $2 and k.key = i.second_key')} on true
        where i.run_id = $1 and ${inBand('i', 'class')} and i.action in ('update', 'move')
          and (${differs('third_key', 's', SOURCE_SESSION)} or ${differs('second_key', 'k', SOURCE_COURSE)})),
     place as materialized (
       select m.object_id, e.key from changed m
        cross join ${lookUp('enrollment', 'e', `e.class_id = m.object_id and e.source_system_id = $2 and e.active and e.role = 'student'`)}),
     ended as materialized (
       select i.key from plan_item i where i.run_id = $1 and ${inEndings('i')} and i.kind = 'enrollment' and i.action = 'end'),
     left_by_most as (
       select p.object_id from place p left join ended x on x.key = p.key
        group by p.object_id having count(x.key) * 2 > count(*)),
     numbered as (
       select m.*, count(*) over (partition by m.school)::integer as classes, row_number() over (partition by m.school order by m.source_id) as place
         from changed m join left_by_most o on o.object_id = m.object_id),
     named as materialized (
       select i.kind, i.key, i.source_id from plan_item i
        where i.run_id = $1 and ${inBand('i', 'academicSession', 'course')} and i.action = 'create')
     select m.school, m.classes as count, m.source_id as id, case when m.other_session then 'session' else 'course' end as changed,
            case when m.other_session then ${sourceIdOf('m.session_id')} else ${sourceIdOf('m.course_id')} end as before,
            case when m.other_session then ${namedNow('third_key', 'academicSession')} else ${namedNow('second_key', 'course')} end as after
       from numbered m where m.place <= ${REUSED_EXAMPLES} order by m.school, m.place`,
    [scope.runId, scope.sourceSystemId],
  );
  await joinFreely(tx);
  const bySchool = new Map<string, { school: string; count: number; examples: ReusedClass[] }>();
  for (const { school, count, ...example } of rows) {
    const classes = bySchool.get(school) ?? { school, count, examples: [] };
    classes.examples.push(example);
    bySchool.set(school, classes);
  }
  return [...bySchool.values()];
}
