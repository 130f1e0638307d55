import type { Tx } from '../database.ts';
import { lookUp } from '../plan/look-up.ts';
import { ITEMS, type ItemRange } from './item-range.ts';
import { linkedObject } from './linked-object.ts';
import { changed, changedRequired } from './changed.ts';

/** The org, course and session an item points at, found by their link keys. $5: source system. */
const REFERENCES = `
  left join ${linkedObject('$5', 'i.first_key')} org_link on true
  left join ${linkedObject('$5', 'i.second_key')} course_link on true
  left join ${linkedObject('$5', 'i.third_key')} session_link on true`;

/** The class has a course or term made by hand, from the one that the source names still (or from none). */
function keeps(table: string, link: string): string {
  return `coalesce(${table}.external_source = 'manual' and ${table}.copy_of is not distinct from ${link}.object_id, false)`;
}

/** Properties of a class without a column of their own. */
const MORE = ['periods', 'status', 'otherSessions', 'classType', 'location', 'subjects', 'subjectCodes'];
const ATTRIBUTES = `jsonb_build_object(${MORE.map((name) => `'${name}', i.after -> '${name}'`).join(', ')})`;

/** Classes: creates, updates and reactivates those of a range. */
export async function applyClasses(tx: Tx, range: ItemRange): Promise<void> {
  const values = [range.runId, range.firstItemNo, range.lastItemNo, range.changeSeq, range.sourceSystemId];
  await tx.query(
    `with ${ITEMS}
     insert into class (tenant_id, id, org_id, course_id, academic_session_id, display_name, class_code, grade, mail_nickname,
                        external_id, external_name, attributes, change_seq)
     select current_tenant(), i.object_id, org_link.object_id, course_link.object_id, session_link.object_id,
            i.after ->> 'displayName', i.after ->> 'classCode', i.after ->> 'grade', i.after ->> 'mailNickname', i.source_id, i.after ->> 'displayName',
            jsonb_strip_nulls(${ATTRIBUTES}), $4
       from item i ${REFERENCES} where i.action = 'create'`,
    values,
  );
  await tx.query(
    `with ${ITEMS},
     change as materialized (
       select i.*, org_link.object_id as org_id, course_link.object_id as course_id, session_link.object_id as session_id,
              c.org_by_hand and org_link.object_id is not distinct from c.source_org_id as keeps_org,
              ${keeps('k', 'course_link')} as keeps_course, ${keeps('s', 'session_link')} as keeps_session
         from item i cross join ${lookUp('class', 'c', 'c.tenant_id = i.tenant_id and c.id = i.object_id')} ${REFERENCES}
         left join course k on k.tenant_id = c.tenant_id and k.id = c.course_id
         left join academic_session s on s.tenant_id = c.tenant_id and s.id = c.academic_session_id
        where i.action in ('update', 'move', 'reactivate'))
     update class o set org_id = case when i.keeps_org then o.org_id else i.org_id end, org_by_hand = i.keeps_org,
            source_org_id = case when i.keeps_org then o.source_org_id end,
            course_id = case when i.keeps_course then o.course_id else i.course_id end,
            academic_session_id = case when i.keeps_session then o.academic_session_id else i.session_id end,
            ${changedRequired('display_name', 'displayName')}, ${changed('class_code', 'classCode')}, ${changed('grade', 'grade')},
            ${changedRequired('mail_nickname', 'mailNickname')}, ${changed('external_name', 'displayName')},
            attributes = jsonb_strip_nulls(o.attributes || ${ATTRIBUTES}),
            active = o.active or i.action = 'reactivate', version = o.version + 1, change_seq = $4
       from change i where o.tenant_id = i.tenant_id and o.id = i.object_id`,
    values,
  );
}
