import type { Tx } from '../database.ts';
import { ITEMS, type ItemRange } from './item-range.ts';
import { changed, changedDate, changedRequired } from './changed.ts';

const REVIVED = 'active = true, version = o.version + 1, change_seq = $4';

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
              'stateId', i.after -> 'stateId', 'zone', i.after -> 'zone')), ${REVIVED}
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
  await tx.query(
    `with ${ITEMS}
     update academic_session o set ${changedRequired('display_name', 'displayName')},
            ${changedDate('start_date', 'startDate')}, ${changedDate('end_date', 'endDate')}, ${REVIVED}
       from item i where i.action in ('update', 'reactivate') and o.id = i.object_id`,
    values,
  );
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
  await tx.query(
    `with ${ITEMS}
     update course o set ${changedRequired('display_name', 'displayName')}, ${changed('description', 'description')},
            ${changed('course_number', 'courseNumber')}, ${changed('subject', 'subject')}, ${REVIVED}
       from item i where i.action in ('update', 'reactivate') and o.id = i.object_id`,
    values,
  );
}
