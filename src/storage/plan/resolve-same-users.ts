import type { Tx } from '../database.ts';
import { lookUp } from './look-up.ts';
import type { PlanScope } from './resolve-links.ts';

/**
 * Formats with one id for each user: whoever has roles of a student and of staff has two records, and is one person. To be called for such
 * formats only: elsewhere a pupil and a teacher may have the same id by chance.
 */

/** New as one of the two, known as the other, active or not: the record is linked to that person. Before identities are resolved. */
export async function linkToKnownUsers(tx: Tx, scope: PlanScope): Promise<void> {
  await tx.query(
    `update plan_item t set action = 'link', reason = 'sameUser', object_id = n.person_id, base_version = n.version
       from (select i.item_no, p.id as person_id, p.version from plan_item i
              cross join ${lookUp('link', 'l', `l.source_system_id = $2 and l.source_id = i.source_id and l.kind = ${OTHER}`)}
              cross join ${lookUp('person', 'p', 'p.tenant_id = l.tenant_id and p.id = l.object_id')}
              where i.run_id = $1 and i.kind in ('student', 'teacher') and i.action = 'create') n
      where t.run_id = $1 and t.item_no = n.item_no`,
    [scope.runId, scope.sourceSystemId],
  );
}

/** New as both: the teacher's record is linked to the person that the student's record makes, or is linked to. */
export async function linkNewUsers(tx: Tx, scope: PlanScope): Promise<void> {
  await tx.query(
    `update plan_item t set action = 'link', reason = 'sameUser', object_id = s.object_id, base_version = s.base_version
       from plan_item s
      where t.run_id = $1 and t.kind = 'teacher' and t.action = 'create'
        and s.run_id = $1 and s.kind = 'student' and s.action in ('create', 'link') and s.source_id = t.source_id
        and not exists (select from plan_item_failure f where f.run_id = $1 and f.item_no = t.item_no)`,
    [scope.runId],
  );
}

const OTHER = `case i.kind when 'student' then 'teacher' else 'student' end`;
