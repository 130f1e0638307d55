import type { Tx } from '../database.ts';
import { resolveRemovedObjects } from './resolve-removed.ts';
import { SCHOOL_ID, SCHOOL_LINK } from './source-references.ts';

/**
 * The stage knows the roster and the snapshot; planning tells its items from what the directory holds. Each function is
 * one statement over the items of one run.
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
    `update plan_item i
        set action = case when l.active then 'update' else 'reactivate' end,
            reason = case when l.active then i.reason else 'backInSource' end,
            object_id = l.object_id, before = l.attributes,
            base_version = coalesce(
              (select version from person o where o.tenant_id = l.tenant_id and o.id = l.object_id),
              (select version from class o where o.tenant_id = l.tenant_id and o.id = l.object_id),
              (select version from org o where o.tenant_id = l.tenant_id and o.id = l.object_id),
              (select version from course o where o.tenant_id = l.tenant_id and o.id = l.object_id),
              (select version from academic_session o where o.tenant_id = l.tenant_id and o.id = l.object_id))
       from link l
      where i.run_id = $1 and i.action in ('create', 'update')
        and i.kind in ('org', 'academicSession', 'course', 'class', 'student', 'teacher')
        and l.source_system_id = $2 and l.key = i.key`,
    [scope.runId, scope.sourceSystemId],
  );
  await resolveRemovedObjects(tx, scope.runId);
  for (const [table, before, isChanged] of [
    [
      'role',
      `jsonb_build_object('role', o.role, 'grade', o.grade)`,
      `i.after ->> 'grade' is distinct from o.grade`,
    ],
    ['enrollment', `jsonb_build_object('role', o.role)`, 'false'],
  ] as const) {
    await tx.query(
      `update plan_item i
          set action = case when o.active or o.removed_by_hand = 'withObject' or (o.removed_by_hand = 'itself' and not (${isChanged}))
                            then 'update' else 'reactivate' end,
              reason = case when o.active or o.removed_by_hand is not null then i.reason else 'backInSource' end,
              base_version = o.version, before = ${before}
         from ${table} o
        where i.run_id = $1 and i.action in ('create', 'update') and i.kind = '${table}'
          and o.source_system_id = $2 and o.key = i.key`,
      [scope.runId, scope.sourceSystemId],
    );
  }
}

/** A record that is absent: the stage knows its key alone. Fills in who it is, for the reader and for the limits per school. */
export async function resolveAbsentRecords(tx: Tx, scope: PlanScope): Promise<void> {
  await tx.query(
    `update plan_item i
        set action = 'deactivate', source_id = l.source_id, object_id = l.object_id, before = l.attributes,
            school_id = case l.kind when 'org' then l.source_id when 'class' then
              (select ${SCHOOL_ID} from class c join org g on g.tenant_id = c.tenant_id and g.id = c.org_id ${SCHOOL_LINK}
                where c.tenant_id = l.tenant_id and c.id = l.object_id) end
       from link l
      where i.run_id = $1 and i.action = 'end'
        and i.kind in ('org', 'academicSession', 'course', 'class', 'student', 'teacher')
        and l.source_system_id = $2 and l.key = i.key`,
    [scope.runId, scope.sourceSystemId],
  );
  await tx.query(
    `update plan_item i
        set object_id = o.person_id, base_version = o.version, school_id = ${SCHOOL_ID},
            source_id = coalesce(${SCHOOL_ID}, '') || '/' || coalesce(
              case o.role when 'teacher' then p.teacher_external_id else p.student_external_id end, ''),
            before = jsonb_build_object('role', o.role, 'grade', o.grade)
       from role o
       join org g on g.tenant_id = o.tenant_id and g.id = o.org_id ${SCHOOL_LINK}
       join person p on p.tenant_id = o.tenant_id and p.id = o.person_id
      where i.run_id = $1 and i.action = 'end' and i.kind = 'role' and o.source_system_id = $2 and o.key = i.key`,
    [scope.runId, scope.sourceSystemId],
  );
  await tx.query(
    `update plan_item i
        set object_id = o.person_id, base_version = o.version, school_id = ${SCHOOL_ID},
            source_id = coalesce(c.external_id, '') || '/' || coalesce(
              case o.role when 'teacher' then p.teacher_external_id else p.student_external_id end, ''),
            before = jsonb_build_object('role', o.role)
       from enrollment o
       join class c on c.tenant_id = o.tenant_id and c.id = o.class_id
       left join org g on g.tenant_id = c.tenant_id and g.id = c.org_id ${SCHOOL_LINK}
       join person p on p.tenant_id = o.tenant_id and p.id = o.person_id
      where i.run_id = $1 and i.action = 'end' and i.kind = 'enrollment' and o.source_system_id = $2 and o.key = i.key`,
    [scope.runId, scope.sourceSystemId],
  );
}
