import type { Tx } from '../database.ts';
import { ITEMS, type ItemRange } from './item-range.ts';
import { changed, changedDate, changedRequired } from './changed.ts';

/** An update leaves what was deleted by hand deleted (plan/resolve-removed.ts). */
const TOUCHED = `active = o.active or i.action = 'reactivate', version = o.version + 1, change_seq = $4`;

/** Of a course or term: the source's own, and the copies that classes have of it after an edit by hand. */
const ITSELF_AND_COPIES = ['id', 'copy_of'] as const;

/** Schools: creates, updates and reactivates the orgs of a range. */
export async function applyOrgs(tx: Tx, range: ItemRange): Promise<void> {
  const values = [range.runId, range.firstItemNo, range.lastItemNo, range.changeSeq];
  await tx.query(
    `with ${ITEMS}
     insert into org (tenant_id, id, display_name, external_id, school_number, lowest_grade, highest_grade, principal_external_id,
                      principal_name, principal_email, phone, street, city, state, country, postal_code, attributes, change_seq)
     select current_tenant(), i.object_id, r."displayName", i.source_id, r."schoolNumber", r."lowestGrade", r."highestGrade",
            r."principalExternalId", r."principalName", r."principalEmail", r.phone, r.street, r.city, r.state, r.country,
            r."postalCode", jsonb_strip_nulls(jsonb_build_object('ncesId', r."ncesId", 'stateId', r."stateId", 'zone', r.zone)), $4
       from item i, jsonb_to_record(i.after) as r("displayName" text, "schoolNumber" text, "lowestGrade" text, "highestGrade" text,
            "principalExternalId" text, "principalName" text, "principalEmail" text, phone text, street text, city text,
            state text, country text, "postalCode" text, "ncesId" text, "stateId" text, zone text)
      where i.action = 'create'`,
    values,
  );
  await tx.query(
    `with ${ITEMS}
     update org o set ${changedRequired('display_name', 'displayName')}, ${changed('school_number', 'schoolNumber')},
            ${changed('lowest_grade', 'lowestGrade')}, ${changed('highest_grade', 'highestGrade')},
            ${changed('principal_external_id', 'principalExternalId')}, ${changed('principal_name', 'principalName')},
            ${changed('principal_email', 'principalEmail')}, ${changed('phone', 'phone')}, ${changed('street', 'street')},
            ${changed('city', 'city')}, ${changed('state', 'state')}, ${changed('country', 'country')},
            ${changed('postal_code', 'postalCode')},
            attributes = jsonb_strip_nulls(o.attributes || jsonb_build_object('ncesId', i.after -> 'ncesId',
              'stateId', i.after -> 'stateId', 'zone', i.after -> 'zone')), ${TOUCHED}
       from item i where i.action in ('update', 'reactivate') and o.id = i.object_id`,
    values,
  );
}

/** Terms and other spans of the year. */
export async function applySessions(tx: Tx, range: ItemRange): Promise<void> {
  const values = [range.runId, range.firstItemNo, range.lastItemNo, range.changeSeq];
  await tx.query(
    `with ${ITEMS}
     insert into academic_session (tenant_id, id, display_name, external_id, start_date, end_date, change_seq)
     select current_tenant(), i.object_id, i.after ->> 'displayName', i.source_id,
            (i.after ->> 'startDate')::date, (i.after ->> 'endDate')::date, $4
       from item i where i.action = 'create'`,
    values,
  );
  for (const column of ITSELF_AND_COPIES) {
    await tx.query(
      `with ${ITEMS}
       update academic_session o set ${changedRequired('display_name', 'displayName')},
              ${changedDate('start_date', 'startDate')}, ${changedDate('end_date', 'endDate')}, ${TOUCHED}
         from item i where i.action in ('update', 'reactivate') and o.${column} = i.object_id`,
      values,
    );
  }
  await touchClasses(tx, range.changeSeq, 'academic_session');
}

/** Courses. */
export async function applyCourses(tx: Tx, range: ItemRange): Promise<void> {
  const values = [range.runId, range.firstItemNo, range.lastItemNo, range.changeSeq];
  await tx.query(
    `with ${ITEMS}
     insert into course (tenant_id, id, display_name, description, course_number, subject, external_id, change_seq)
     select current_tenant(), i.object_id, i.after ->> 'displayName', i.after ->> 'description',
            i.after ->> 'courseNumber', i.after ->> 'subject', i.source_id, $4
       from item i where i.action = 'create'`,
    values,
  );
  for (const column of ITSELF_AND_COPIES) {
    await tx.query(
      `with ${ITEMS}
       update course o set ${changedRequired('display_name', 'displayName')}, ${changed('description', 'description')},
              ${changed('course_number', 'courseNumber')}, ${changed('subject', 'subject')}, ${TOUCHED}
         from item i where i.action in ('update', 'reactivate') and o.${column} = i.object_id`,
      values,
    );
  }
  await touchClasses(tx, range.changeSeq, 'course');
}

/** Classes show their course and term: who follows classes by change_seq sees that these changed. No new version: plans are as good as before. */
async function touchClasses(tx: Tx, changeSeq: number, table: 'course' | 'academic_session'): Promise<void> {
  await tx.query(
    `update class c set change_seq = $1 from ${table} o
      where o.change_seq = $1 and c.tenant_id = o.tenant_id and c.${table}_id = o.id`,
    [changeSeq],
  );
}
