import type { UndoCounts } from '#core/plan/expiration-undo-verdict.ts';
import { ITEM_BAND, KINDS } from '#core/roster/kinds.ts';

import type { Tx } from '../database.ts';
import { lookUp } from './look-up.ts';
import { SCHOOL_ID, schoolOf } from './source-references.ts';

export interface UndoScope {
  readonly runId: string;
  /** Of the profile: where the classes go back to. */
  readonly sourceSystemId: string;
  /** Which keeps the expired classes. */
  readonly keptInId: string;
}

const CLASS_BAND_START = KINDS.indexOf('class') * ITEM_BAND;
const ENROLLMENT_BAND_START = KINDS.indexOf('enrollment') * ITEM_BAND;

/** The code of an item that is left alone (plan_item_failure.code). */
const SINCE = 'ChangedSinceExpiration';

/** What an expiration writes into a class, and where the class `c` has it now. */
const WRITTEN = {
  displayName: 'to_jsonb(c.display_name)',
  mailNickname: 'to_jsonb(c.mail_nickname)',
  externalId: 'to_jsonb(c.external_id)',
  status: `c.attributes -> 'status'`,
} as const;
const PROPERTIES = Object.entries(WRITTEN);

/** What stays as it is: somebody wrote another value since, or another class has the old mail nickname. Of `l` and `c`. */
const STAYS: Readonly<Record<string, string>> = Object.fromEntries(
  PROPERTIES.map(([property, now]) => {
    const edited = `coalesce(${now}, 'null') is distinct from coalesce(l.before_expiration #> '{written,${property}}', 'null')`;
    return [property, property === 'mailNickname' ? `(${edited} or (${nicknameTaken()}))` : edited];
  }),
);

function nicknameTaken(): string {
  return `c.mail_nickname <> l.before_expiration ->> 'mailNickname'
    and lower(l.before_expiration ->> 'mailNickname') in (select lower(o.mail_nickname) from class o where o.active)`;
}

/**
 * An item for each expired class that is kept: what of it is put back, and in `leftAlone` what is not. One that was deleted by hand, or whose id
 * belongs to a class of a later sync, is an item that has failed already, so that it is named and never applied.
 */
export async function insertUndoneClasses(tx: Tx, scope: UndoScope): Promise<void> {
  const before = PROPERTIES.map(([property, now]) => `'${property}', ${now}`).join(', ');
  const after = PROPERTIES.map(
    ([property, now]) =>
      `'${property}', case when ${String(STAYS[property])} then ${now} else l.before_expiration -> '${property}' end`,
  ).join(', ');
  const stays = PROPERTIES.map(
    ([property]) => `case when ${String(STAYS[property])} then '${property}' end`,
  ).join(', ');
  await tx.query(
    `with found as materialized (
       select l.key, l.source_id, l.object_id, (l.before_expiration ->> 'content')::bigint as content, c.version,
              ${SCHOOL_ID} as school_id, jsonb_build_object(${before}) as before, jsonb_build_object(${after}) as after,
              array_remove(array[${stays}], null) as stays,
              case when l.before_expiration is null then 'What it was called before is not known. It is left alone.'
                   when not c.active then 'It was deleted by hand after it expired, and is left alone.'
                   when exists (select from link n where n.source_system_id = $2 and n.key = l.key)
                     or exists (select from link n where n.source_system_id = $2 and n.kind = 'class' and n.source_id = l.source_id)
                     then 'Its id belongs to a class of a later sync. It is left alone, and so are its students.' end as problem
         from link l join class c on c.tenant_id = l.tenant_id and c.id = l.object_id
         ${schoolOf('c', 'c.org_id')}
        where l.source_system_id = $3 and l.kind = 'class'),
     numbered as (
       select f.*, (${CLASS_BAND_START} + row_number() over (order by school_id nulls first, source_id))::integer as item_no from found f),
     item as (
       insert into bulk.plan_item (run_id, item_no, kind, action, reason, key, content, source_id, school_id, object_id, base_version, before, after)
       select $1, item_no, 'class', 'update', case when stays = '{}' then 'expirationUndone' else 'expirationUndoneInPart' end,
              key, content, source_id, school_id, object_id, version, before,
              case when stays = '{}' then after else after || jsonb_build_object('leftAlone', to_jsonb(stays)) end
         from numbered)
     insert into plan_item_failure (tenant_id, run_id, item_no, code, message)
     select current_tenant(), $1, item_no, '${SINCE}', problem from numbered where problem is not null`,
    [scope.runId, scope.sourceSystemId, scope.keptInId],
  );
}

/**
 * An item for each place of a student that the expiration ended, in the classes that go back, and in those that an undo which was cancelled
 * half way has put back. After insertUndoneClasses.
 */
export async function insertUndonePlaces(tx: Tx, scope: UndoScope): Promise<void> {
  await tx.query(
    `with class_back as materialized (
       select i.object_id from plan_item i
        where i.run_id = $1 and i.kind = 'class'
          and i.item_no not in (select f.item_no from plan_item_failure f where f.run_id = $1)),
     ended as materialized (
       select e.* from source_system s join enrollment e on e.tenant_id = s.tenant_id and e.ended_by_expiration = s.expiration_run_id
        where s.id = $3 and not e.active
          and (e.source_system_id = $2 or (e.source_system_id = $3 and e.class_id in (select object_id from class_back)))),
     found as materialized (
       select e.key, e.content, e.person_id, e.role, e.version, ${SCHOOL_ID} as school_id, cl.source_id as class_id,
              coalesce(p.student_external_id, p.teacher_external_id, '') as student_id,
              case when e.removed_by_hand is not null or exists (
                     select from enrollment h
                      where h.tenant_id = e.tenant_id and h.class_id = e.class_id and h.person_id = e.person_id
                        and h.removed_by_hand is not null and h.change_seq > e.change_seq)
                     then 'The student was put out by hand after the class expired, and stays so.'
                   when not p.active then 'The student is not active any more. The place is left alone.' end as problem
         from ended e
         cross join ${lookUp('link', 'cl', `cl.source_system_id = e.source_system_id and cl.kind = 'class' and cl.object_id = e.class_id`)}
         cross join ${lookUp('class', 'c', 'c.tenant_id = e.tenant_id and c.id = e.class_id')}
         ${schoolOf('c', 'c.org_id')}
         cross join ${lookUp('person', 'p', 'p.tenant_id = e.tenant_id and p.id = e.person_id')}),
     numbered as (
       select f.*, (${ENROLLMENT_BAND_START} + row_number() over (order by school_id nulls first, class_id, key))::integer as item_no from found f),
     item as (
       insert into bulk.plan_item (run_id, item_no, kind, action, reason, key, content, source_id, school_id, object_id, base_version, before, after)
       select $1, item_no, 'enrollment', 'reactivate', 'expirationUndone', key, content, class_id || '/' || student_id, school_id, person_id,
              version, jsonb_build_object('role', role), jsonb_build_object('role', role)
         from numbered)
     insert into plan_item_failure (tenant_id, run_id, item_no, code, message)
     select current_tenant(), $1, item_no, '${SINCE}', problem from numbered where problem is not null`,
    [scope.runId, scope.sourceSystemId, scope.keptInId],
  );
}

/** What an undo puts back and what it leaves alone: as planned before it is applied, as it came afterwards. */
export async function countUndo(tx: Tx, runId: string): Promise<UndoCounts> {
  const rows = await tx.query<{
    classes: number;
    enrollments: number;
    classes_left: number;
    classes_in_part: number;
    enrollments_left: number;
  }>(
    `with item as (
       select i.kind, i.reason, i.item_no in (select f.item_no from plan_item_failure f where f.run_id = $1) as failed
         from plan_item i where i.run_id = $1)
     select (count(*) filter (where kind = 'class' and not failed))::integer as classes,
            (count(*) filter (where kind = 'enrollment' and not failed))::integer as enrollments,
            (count(*) filter (where kind = 'class' and failed))::integer as classes_left,
            (count(*) filter (where kind = 'class' and not failed and reason = 'expirationUndoneInPart'))::integer as classes_in_part,
            (count(*) filter (where kind = 'enrollment' and failed))::integer as enrollments_left
       from item`,
    [runId],
  );
  const row = rows[0];
  return {
    classes: row?.classes ?? 0,
    enrollments: row?.enrollments ?? 0,
    left: {
      classes: row?.classes_left ?? 0,
      classesInPart: row?.classes_in_part ?? 0,
      enrollments: row?.enrollments_left ?? 0,
    },
  };
}
