import type { Tx } from '../database.ts';
import { ITEMS, type ItemRange } from './item-range.ts';
import { linkedObject } from './linked-object.ts';
import { changed, changedRequired } from './changed.ts';

/** The org, course and session an item points at, found by their link keys. $5: source system. */
const REFERENCES = `
  left join ${linkedObject('$5', 'i.first_key')} org_link on true
  left join ${linkedObject('$5', 'i.second_key')} course_link on true
  left join ${linkedObject('$5', 'i.third_key')} session_link on true`;

/** Classes: creates, updates and reactivates those of a range. */
export async function applyClasses(tx: Tx, range: ItemRange): Promise<void> {
  const values = [range.runId, range.firstItemNo, range.lastItemNo, range.changeSeq, range.sourceSystemId];
  await tx.query(
    `with ${ITEMS}
     insert into class (tenant_id, id, org_id, course_id, academic_session_id, display_name, class_code, mail_nickname,
                        external_id, external_name, attributes, change_seq)
     select current_tenant(), i.object_id, org_link.object_id, course_link.object_id, session_link.object_id,
            i.after ->> 'displayName', i.after ->> 'classCode', i.after ->> 'mailNickname', i.source_id, i.after ->> 'displayName',
            jsonb_strip_nulls(jsonb_build_object('periods', i.after -> 'periods', 'status', i.after -> 'status')), $4
       from item i ${REFERENCES} where i.action = 'create'`,
    values,
  );
  await tx.query(
    `with ${ITEMS}
     update class o set org_id = n.org_id, course_id = n.course_id, academic_session_id = n.session_id,
            ${changedRequired('display_name', 'displayName')}, ${changed('class_code', 'classCode')},
            ${changedRequired('mail_nickname', 'mailNickname')}, external_name = i.after ->> 'displayName',
            attributes = jsonb_strip_nulls(o.attributes || jsonb_build_object('periods', i.after -> 'periods', 'status', i.after -> 'status')),
            active = true, version = o.version + 1, change_seq = $4
       from item i
       join (select i.item_no, org_link.object_id as org_id, course_link.object_id as course_id, session_link.object_id as session_id
               from item i ${REFERENCES}) n on n.item_no = i.item_no
      where i.action in ('update', 'move', 'reactivate') and o.id = i.object_id`,
    values,
  );
}
