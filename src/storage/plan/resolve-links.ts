import type { Tx } from '../database.ts';
import { inBand, inEndings } from './item-band.ts';
import { lookUp } from './look-up.ts';
import { resolveRemovedObjects } from './resolve-removed.ts';
import { SCHOOLS } from './source-references.ts';

/**
 * The stage knows the roster and the snapshot; planning tells its items from what the directory holds, looking up each. The functions
 * are to be called between joinByHash and joinFreely: what is found is joined with the items.
 */
export interface PlanScope {
  readonly runId: string;
  readonly sourceSystemId: string;
}

/** False for a first load: then nothing can be back, changed or absent, and the statements below have nothing to find. */
export async function hasLinks(tx: Tx, scope: PlanScope): Promise<boolean> {
  const rows = await tx.query('select 1 from link where source_system_id = $1 limit 1', [
    scope.sourceSystemId,
  ]);
  return rows.length > 0;
}

/** A record with a link already: known from before. Fills in its object, and what the source said last. */
export async function resolveKnownRecords(tx: Tx, scope: PlanScope): Promise<void> {
  await tx.query(
    `update plan_item t
        set action = case when n.active then 'update' else 'reactivate' end,
            reason = case when n.active then t.reason else 'backInSource' end,
            object_id = n.object_id, before = n.attributes,
            base_version = coalesce(
              (select version from person o where o.tenant_id = n.tenant_id and o.id = n.object_id),
              (select version from class o where o.tenant_id = n.tenant_id and o.id = n.object_id),
              (select version from org o where o.tenant_id = n.tenant_id and o.id = n.object_id),
              (select version from course o where o.tenant_id = n.tenant_id and o.id = n.object_id),
              (select version from academic_session o where o.tenant_id = n.tenant_id and o.id = n.object_id))
       from (select i.item_no, l.* from plan_item i
              cross join ${lookUp('link', 'l', 'l.source_system_id = $2 and l.key = i.key')}
              where i.run_id = $1 and i.action in ('create', 'update')
                and ${inBand('i', 'org', 'teacher')}) n
      where t.run_id = $1 and ${inBand('t', 'org', 'teacher')} and t.item_no = n.item_no`,
    [scope.runId, scope.sourceSystemId],
  );
  await resolveRemovedObjects(tx, scope.runId);
  for (const [table, before, changed] of [
    ['role', roleRecord('n'), isChanged('role')],
    ['enrollment', enrollmentRecord('n'), isChanged('enrollment')],
  ] as const) {
    await tx.query(
      `update plan_item t
          set action = case when n.active or n.removed_by_hand = 'withObject' or (n.removed_by_hand = 'itself' and not (${changed}))
                            then 'update' else 'reactivate' end,
              reason = case when n.active or n.removed_by_hand is not null then t.reason else 'backInSource' end,
              base_version = n.version, before = ${before}
         from (select i.item_no, o.* from plan_item i
                cross join ${lookUp(table, 'o', 'o.source_system_id = $2 and o.key = i.key')}
                where i.run_id = $1 and i.action in ('create', 'update') and ${inBand('i', table)}) n
        where t.run_id = $1 and ${inBand('t', table)} and t.item_no = n.item_no`,
      [scope.runId, scope.sourceSystemId],
    );
  }
}

/** A record that is absent: the stage knows its key alone. Fills in who it is, for the reader and for the limits per school. */
export async function resolveAbsentRecords(tx: Tx, scope: PlanScope): Promise<void> {
  await tx.query(
    `with ${SCHOOLS},
     found as materialized (
       select i.item_no, l.source_id, l.object_id, l.attributes, l.kind, c.org_id
         from plan_item i
        cross join ${lookUp('link', 'l', 'l.source_system_id = $2 and l.key = i.key')}
         left join ${lookUp('class', 'c', `l.kind = 'class' and c.tenant_id = l.tenant_id and c.id = l.object_id`)} on true
        where i.run_id = $1 and ${inEndings('i')} and i.action = 'end'
          and i.kind in ('org', 'academicSession', 'course', 'class', 'student', 'teacher'))
     update plan_item t
        set action = 'deactivate', source_id = f.source_id, object_id = f.object_id, before = f.attributes,
            school_id = case f.kind when 'org' then f.source_id else s.school_id end
       from found f left join school s on s.id = f.org_id
      where t.run_id = $1 and ${inEndings('t')} and t.item_no = f.item_no`,
    [scope.runId, scope.sourceSystemId],
  );
  await tx.query(
    `with ${SCHOOLS},
     found as materialized (
       select i.item_no, o.person_id, o.version, o.org_id, ${PERSON_SOURCE_ID} as person_source_id, ${roleRecord('o')} as record
         from plan_item i
        cross join ${lookUp('role', 'o', 'o.source_system_id = $2 and o.key = i.key')}
        cross join ${lookUp('person', 'p', 'p.tenant_id = o.tenant_id and p.id = o.person_id')}
        where i.run_id = $1 and ${inEndings('i')} and i.action = 'end' and i.kind = 'role')
     update plan_item t
        set object_id = f.person_id, base_version = f.version, school_id = s.school_id,
            source_id = coalesce(s.school_id, '') || '/' || coalesce(f.person_source_id, ''), before = f.record
       from found f left join school s on s.id = f.org_id
      where t.run_id = $1 and ${inEndings('t')} and t.item_no = f.item_no`,
    [scope.runId, scope.sourceSystemId],
  );
  await tx.query(
    `with ${SCHOOLS},
     found as materialized (
       select i.item_no, o.person_id, o.version, c.org_id, c.external_id as class_source_id, ${PERSON_SOURCE_ID} as person_source_id,
              ${enrollmentRecord('o')} as record
         from plan_item i
        cross join ${lookUp('enrollment', 'o', 'o.source_system_id = $2 and o.key = i.key')}
        cross join ${lookUp('class', 'c', 'c.tenant_id = o.tenant_id and c.id = o.class_id')}
        cross join ${lookUp('person', 'p', 'p.tenant_id = o.tenant_id and p.id = o.person_id')}
        where i.run_id = $1 and ${inEndings('i')} and i.action = 'end' and i.kind = 'enrollment')
     update plan_item t
        set object_id = f.person_id, base_version = f.version, school_id = s.school_id,
            source_id = coalesce(f.class_source_id, '') || '/' || coalesce(f.person_source_id, ''), before = f.record
       from found f left join school s on s.id = f.org_id
      where t.run_id = $1 and ${inEndings('t')} and t.item_no = f.item_no`,
    [scope.runId, scope.sourceSystemId],
  );
}

/** The id of a person `p` in the source, for a role or enrollment `o`. Where a user has one id for all roles it is the same in both columns, or in one. */
const PERSON_SOURCE_ID = `case o.role when 'teacher' then coalesce(p.teacher_external_id, p.student_external_id)
  else coalesce(p.student_external_id, p.teacher_external_id) end`;

/** What the directory has of a role or enrollment beside its keys, by the names of its record (core/roster/records.ts). */
const MORE_OF = {
  role: [
    ['roleName', 'role_name'],
    ['isPrimary', 'is_primary'],
    ['startDate', 'start_date'],
    ['endDate', 'end_date'],
  ],
  enrollment: [
    ['roleName', 'role_name'],
    ['isPrimary', 'is_primary'],
    ['beginDate', 'begin_date'],
    ['endDate', 'end_date'],
  ],
} as const;

function moreOf(table: keyof typeof MORE_OF, row: string): string {
  const pairs = MORE_OF[table].map(([property, column]) => `'${property}', ${row}.${column}::text`);
  return `jsonb_strip_nulls(jsonb_build_object(${pairs.join(', ')}))`;
}

function roleRecord(row: string): string {
  return `jsonb_build_object('role', ${row}.role, 'grade', ${row}.grade) || ${moreOf('role', row)}`;
}

function enrollmentRecord(row: string): string {
  return `jsonb_build_object('role', ${row}.role) || ${moreOf('enrollment', row)}`;
}

/** The source says something else of a role or enrollment `n` than before. Of an item `t`. */
function isChanged(table: keyof typeof MORE_OF): string {
  const columns = [...MORE_OF[table], ...(table === 'role' ? [['grade', 'grade'] as const] : [])];
  return columns
    .map(([property, column]) => `t.after ->> '${property}' is distinct from n.${column}::text`)
    .join(' or ');
}
