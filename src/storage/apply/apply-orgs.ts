import type { Tx } from '../database.ts';
import { inBand } from '../plan/item-band.ts';
import { ITEMS, type ItemRange } from './item-range.ts';
import { changed, changedAttributes, changedDate, changedOrDefault, changedRequired } from './changed.ts';
import { linkedObject } from './linked-object.ts';

/** An update leaves what was deleted by hand deleted (plan/resolve-removed.ts). */
const TOUCHED = `active = o.active or i.action = 'reactivate', version = o.version + 1, change_seq = $4`;

/** Of a course or term: the source's own, and the copies that classes have of it after an edit by hand. */
const ITSELF_AND_COPIES = ['id', 'copy_of'] as const;

/** Properties of a course with columns of their own. */
const COURSE_COLUMNS = `array['displayName', 'description', 'courseNumber', 'subject']`;

/** Schools: creates, updates and reactivates the orgs of a range. */
export async function applyOrgs(tx: Tx, range: ItemRange): Promise<void> {
  const values = [range.runId, range.firstItemNo, range.lastItemNo, range.changeSeq];
  await tx.query(
    `with ${ITEMS}
     insert into org (tenant_id, id, type, display_name, external_id, school_number, lowest_grade, highest_grade, principal_external_id,
                      principal_name, principal_email, phone, street, city, state, country, postal_code, attributes, change_seq)
     select current_tenant(), i.object_id, coalesce(r.type, 'school'), r."displayName", i.source_id, r."schoolNumber", r."lowestGrade", r."highestGrade",
            r."principalExternalId", r."principalName", r."principalEmail", r.phone, r.street, r.city, r.state, r.country,
            r."postalCode", jsonb_strip_nulls(jsonb_build_object('ncesId', r."ncesId", 'stateId', r."stateId", 'zone', r.zone)), $4
       from item i, jsonb_to_record(i.after) as r(type text, "displayName" text, "schoolNumber" text, "lowestGrade" text, "highestGrade" text,
            "principalExternalId" text, "principalName" text, "principalEmail" text, phone text, street text, city text,
            state text, country text, "postalCode" text, "ncesId" text, "stateId" text, zone text)
      where i.action = 'create'`,
    values,
  );
  await tx.query(
    `with ${ITEMS}
     update org o set ${changedOrDefault('type', 'type', 'school')}, ${changedRequired('display_name', 'displayName')}, ${changed('school_number', 'schoolNumber')},
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

/** The kinds whose records stand below one another: their tables, and the columns by which an item finds its rows. */
const TREES = {
  org: { table: 'org', columns: ['id'] },
  academicSession: { table: 'academic_session', columns: ITSELF_AND_COPIES },
} as const;

/**
 * The records above those of a range, of a kind that is a tree. After the links of the range: a record stands behind its parent, often in the
 * same range. One whose parent waits (held, or failed) gets it with the range in which the parent comes.
 */
export async function placeInTree(tx: Tx, range: ItemRange, kind: keyof typeof TREES): Promise<void> {
  const { table, columns } = TREES[kind];
  for (const column of columns)
    await tx.query(
      `update ${table} o set parent_id = n.parent_id, change_seq = $2
         from (select i.object_id, p.object_id as parent_id from plan_item i
                 join link own on own.source_system_id = $3 and own.key = i.key and own.last_run_id = i.run_id
                 left join ${linkedObject('$3', 'i.first_key')} p on true
                where i.run_id = $1 and ${inBand('i', kind)}
                  and i.action in ('create', 'update', 'reactivate') and (p.object_id is not null or i.first_key is null)) n
        where o.${column} = n.object_id and o.parent_id is distinct from n.parent_id`,
      [range.runId, range.changeSeq, range.sourceSystemId],
    );
}

/** Terms and other spans of the year. */
export async function applySessions(tx: Tx, range: ItemRange): Promise<void> {
  const values = [range.runId, range.firstItemNo, range.lastItemNo, range.changeSeq];
  await tx.query(
    `with ${ITEMS}
     insert into academic_session (tenant_id, id, type, display_name, external_id, school_year, start_date, end_date, change_seq)
     select current_tenant(), i.object_id, coalesce(i.after ->> 'type', 'term'), i.after ->> 'displayName', i.source_id,
            i.after ->> 'schoolYear', (i.after ->> 'startDate')::date, (i.after ->> 'endDate')::date, $4
       from item i where i.action = 'create'`,
    values,
  );
  for (const column of ITSELF_AND_COPIES) {
    await tx.query(
      `with ${ITEMS}
       update academic_session o set ${changedOrDefault('type', 'type', 'term')}, ${changedRequired('display_name', 'displayName')},
              ${changed('school_year', 'schoolYear')},
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
     insert into course (tenant_id, id, display_name, description, course_number, subject, external_id, attributes, change_seq)
     select current_tenant(), i.object_id, i.after ->> 'displayName', i.after ->> 'description',
            i.after ->> 'courseNumber', i.after ->> 'subject', i.source_id, jsonb_strip_nulls(i.after - ${COURSE_COLUMNS}), $4
       from item i where i.action = 'create'`,
    values,
  );
  for (const column of ITSELF_AND_COPIES) {
    await tx.query(
      `with ${ITEMS}
       update course o set ${changedRequired('display_name', 'displayName')}, ${changed('description', 'description')},
              ${changed('course_number', 'courseNumber')}, ${changed('subject', 'subject')},
              ${changedAttributes(COURSE_COLUMNS)}, ${TOUCHED}
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
