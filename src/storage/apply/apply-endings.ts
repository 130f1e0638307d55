import type { Tx } from '../database.ts';
import { replaceStatedContacts } from './apply-contacts.ts';
import { COLUMN_PROPERTIES, PROPERTIES_OF_DEMOGRAPHICS } from './apply-people.ts';
import { ITEMS, type ItemRange } from './item-range.ts';

const OBJECT_TABLES = {
  class: 'class',
  course: 'course',
  academicSession: 'academic_session',
  org: 'org',
} as const;

/** Ends memberships, deactivates objects whose last active link is gone, and passes people on to their next owner. */
export async function applyEndings(tx: Tx, range: ItemRange): Promise<void> {
  const scope = [range.runId, range.firstItemNo, range.lastItemNo];
  for (const table of ['enrollment', 'role']) {
    await tx.query(
      `with ${ITEMS}
       update ${table} o set active = false, removed_by_hand = null, version = o.version + 1, change_seq = $4
         from item i where i.kind = '${table}' and i.action = 'end' and o.source_system_id = $5 and o.key = i.key
          and (o.active or o.removed_by_hand is not null)`,
      [...scope, range.changeSeq, range.sourceSystemId],
    );
  }
  const ended = await tx.query<{ kind: string }>(
    `with ${ITEMS}
     update link l set active = false, last_run_id = i.run_id
       from item i where i.action = 'deactivate' and l.source_system_id = $4 and l.key = i.key
     returning l.kind`,
    [...scope, range.sourceSystemId],
  );
  const kinds = new Set(ended.map(({ kind }) => kind));
  if (kinds.has('student') || kinds.has('teacher')) {
    await endPeople(tx, range);
    await passDemographicsOn(tx, range);
  }
  if (kinds.has('student')) await passContactsOn(tx, range);
  for (const [kind, table] of Object.entries(OBJECT_TABLES)) {
    if (!kinds.has(kind)) continue;
    await tx.query(
      `with ${ITEMS}
       update ${table} o set active = false, version = o.version + 1, change_seq = $4
         from item i
        where i.kind = '${kind}' and i.action = 'deactivate' and o.id = i.object_id
          and not exists (select from link l where l.object_id = o.id and l.active)`,
      [...scope, range.changeSeq],
    );
  }
}

/** Of a person `p`: what the next link of the kind says, if one is left. */
const restOf = (kind: 'student' | 'teacher'): string => `
       left join lateral (select l.source_id, l.attributes from link l join source_system s on s.id = l.source_system_id
                           where l.object_id = p.id and l.kind = '${kind}' and l.active
                           order by s.priority, l.created_at, l.key limit 1) ${kind}_link on h.as_${kind}`;

/** Columns of a kind that ended for a person: those of the next link of it; id and number go with the last one, and the grade stays. */
const KIND_COLUMNS = [
  ['student', 'student_external_id', 'source_id'],
  ['student', 'student_number', `attributes ->> 'number'`],
  ['student', 'grade', `attributes ->> 'grade'`],
  ['student', 'graduation_year', `attributes ->> 'graduationYear'`],
  ['teacher', 'teacher_external_id', 'source_id'],
  ['teacher', 'teacher_number', `attributes ->> 'number'`],
]
  .map(([kind, column, value]) => {
    const stays = `o.${String(column)}`;
    const next = `when ${kind}_link.source_id is not null then ${kind}_link.${String(value)}`;
    const isGrade = column === 'grade' || column === 'graduation_year';
    return `${String(column)} = case ${next} ${isGrade ? '' : `when not kept.${String(kind)} then null`} else ${stays} end,`;
  })
  .join('\n            ');

/** Names of attributes that the ended records of an heir `h` gave a person `p`, and that none of those left gives. */
const SAID_NO_MORE = `coalesce((
  select array_agg(k) from unnest(h.said) b cross join lateral jsonb_object_keys(jsonb_strip_nulls(b)) k
   where not exists (select from link l where l.object_id = p.id and l.active and jsonb_strip_nulls(l.attributes) ? k)), '{}')`;

/** Attributes of a person `p` by all records that are left, those of the next owner `h` before others. */
const STATED_STILL = `coalesce((
  select jsonb_object_agg(e.key, e.value order by l.key = h.key and l.source_system_id = h.source_system_id)
    from link l cross join lateral jsonb_each(jsonb_strip_nulls(l.attributes - ${COLUMN_PROPERTIES})) e where l.object_id = p.id and l.active), '{}')`;

/**
 * People whose link ended. No link is left active: the person becomes inactive and the account disabled, unless it was
 * made by hand: then it was there before the sync and stays after it as it is. Another link is active: it becomes the owner and
 * supplies the attributes (profile priority, then the older).
 */
async function endPeople(tx: Tx, range: ItemRange): Promise<void> {
  const values = [range.runId, range.firstItemNo, range.lastItemNo, range.changeSeq];
  await tx.query(
    `with ${ITEMS},
     gone as (select i.object_id, bool_or(i.kind = 'student') as as_student, bool_or(i.kind = 'teacher') as as_teacher
                from item i where i.kind in ('student', 'teacher') and i.action = 'deactivate' group by i.object_id),
     alone as (
       update person o set active = o.active and o.external_source = 'manual', version = o.version + 1, change_seq = $4
         from gone g where o.id = g.object_id and not exists (select from link l where l.object_id = o.id and l.active)
       returning o.id, o.active)
     update account a set enabled = false, version = a.version + 1, change_seq = $4
       from alone where a.person_id = alone.id and not alone.active`,
    values,
  );
  await tx.query(
    `with ${ITEMS},
     gone as (select i.object_id, bool_or(i.kind = 'student') as as_student, bool_or(i.kind = 'teacher') as as_teacher, array_agg(i.before) as said
                from item i where i.kind in ('student', 'teacher') and i.action = 'deactivate' group by i.object_id),
     heir as (
       select distinct on (l.object_id) l.object_id, l.key, l.kind, l.source_system_id, l.attributes, g.as_student, g.as_teacher, g.said
         from gone g join link l on l.object_id = g.object_id and l.active
         join source_system s on s.id = l.source_system_id
        order by l.object_id, s.priority, l.created_at, l.key)
     update person o set owner_link_key = h.key, owner_source_system_id = h.source_system_id, 
            primary_role = case when kept.student and kept.teacher then coalesce(h.attributes ->> 'primaryRole', 'teacher') else h.kind end,
            given_name = n.given_name, middle_name = case when owner.lost then h.attributes ->> 'middleName' else o.middle_name end,
            surname = n.surname, display_name = case when (n.given_name, n.surname) is distinct from (p.given_name, p.surname)
              then coalesce(nullif(concat_ws(' ', n.given_name, n.surname), ''), o.display_name) else o.display_name end,
            attributes = (o.attributes - ${SAID_NO_MORE}) || case when owner.lost then ${STATED_STILL} else '{}' end,
            ${KIND_COLUMNS}
            version = o.version + 1, change_seq = $4
       from heir h
       join person p on p.id = h.object_id
       cross join lateral (select p.external_source <> 'manual' and not exists (select from link w where w.source_system_id = p.owner_source_system_id
                             and w.key = p.owner_link_key and w.active) as lost) owner
       cross join lateral (select exists (select from link w where w.object_id = p.id and w.kind = 'student' and w.active) as student,
                                  exists (select from link w where w.object_id = p.id and w.kind = 'teacher' and w.active) as teacher) kept
      cross join lateral (select case when owner.lost then coalesce(h.attributes ->> 'givenName', p.given_name) else p.given_name end as given_name,
                                 case when owner.lost then coalesce(h.attributes ->> 'surname', p.surname) else p.surname end as surname) n
       ${restOf('student')} ${restOf('teacher')}
      where o.tenant_id = p.tenant_id and o.id = p.id`,
    values,
  );
}

/**
 * Birth date, sex and the like of a person whom another record still states: what that one says, where it says something else than the ended
 * one did. What it does not say stays, as the grade does.
 */
async function passDemographicsOn(tx: Tx, range: ItemRange): Promise<void> {
  const had = `i.kind in ('student', 'teacher') and i.action = 'deactivate' and i.before ?| array[${PROPERTIES_OF_DEMOGRAPHICS}]`;
  const scope = [range.runId, range.firstItemNo, range.lastItemNo];
  const any = await tx.query(`with ${ITEMS} select 1 from item i where ${had} limit 1`, scope);
  if (any.length === 0) return;
  await tx.query(
    `with ${ITEMS},
     heir as (
       select distinct on (i.object_id) i.object_id, i.before, jsonb_strip_nulls(l.attributes) as after
         from item i join link l on l.object_id = i.object_id and l.active
         join source_system s on s.id = l.source_system_id
        where ${had}
        order by i.object_id, s.priority, l.created_at, l.key),
     said as materialized (
       select h.object_id, jsonb_object_agg(k, h.after -> k) as now
         from heir h cross join unnest(array[${PROPERTIES_OF_DEMOGRAPHICS}]) k
        where h.after ? k and h.after -> k is distinct from h.before -> k group by h.object_id)
     update demographics d set birth_date = coalesce((n.now ->> 'birthDate')::date, d.birth_date), sex = coalesce(n.now ->> 'sex', d.sex),
            attributes = d.attributes || (n.now - array['birthDate', 'sex']), version = d.version + 1, change_seq = $4
       from said n where d.person_id = n.object_id`,
    [...scope, range.changeSeq],
  );
}

/**
 * Contacts go with the source that stated them: a person who is a student of another source still has those of that one, if it states any.
 * Without another, they stay as the grade does: the person may come back.
 */
async function passContactsOn(tx: Tx, range: ItemRange): Promise<void> {
  const had = `i.kind = 'student' and i.action = 'deactivate' and i.before -> 'contacts' -> 0 is not null`;
  const scope = [range.runId, range.firstItemNo, range.lastItemNo];
  const any = await tx.query(`with ${ITEMS} select 1 from item i where ${had} limit 1`, scope);
  if (any.length === 0) return;
  const tables = `${ITEMS},
     stated as (
       select distinct on (l.object_id) l.object_id as person_id, l.attributes -> 'contacts' as contacts
         from item i join link l on l.object_id = i.object_id and l.kind = 'student' and l.active
         join source_system s on s.id = l.source_system_id
        where ${had} and l.attributes -> 'contacts' -> 0 is not null
        order by l.object_id, s.priority, l.created_at, l.key)`;
  await replaceStatedContacts(tx, tables, 'select person_id from stated', [...scope, range.changeSeq]);
}
