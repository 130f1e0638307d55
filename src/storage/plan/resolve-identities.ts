import type { Tx } from '../database.ts';
import { type IdentityRule, joinAccounts, RULE_OF_ITEM } from './identity-rule.ts';
import { inBand, inEndings } from './item-band.ts';
import { lookUp } from './look-up.ts';
import type { PlanScope } from './resolve-links.ts';

/**
 * Which account a person gets. Failures are rows of plan_item_failure, with the codes that School Data Sync used
 * (UnsynchronizableChange: no match; DuplicateTargetEntries: somebody else has it).
 */

/** Identity creation: two new people of one run with one user name. The first in the files keeps it. */
export async function failRepeatedUserNames(tx: Tx, scope: PlanScope): Promise<void> {
  await tx.query(
    `insert into plan_item_failure (tenant_id, run_id, item_no, code, message, joining_value)
     select current_tenant(), run_id, item_no, 'DuplicateTargetEntries',
            'Another ' || kind || ' of this roster has the user name ' || upn || ' already. Give each person a user name of their own.', upn
       from (select run_id, item_no, kind, after ->> 'userPrincipalName' as upn,
                    row_number() over (partition by lower(after ->> 'userPrincipalName') order by item_no) as place
               from plan_item p where run_id = $1 and ${inBand('p', 'student', 'teacher')} and action = 'create'
                and after ? 'userPrincipalName') i
      where place > 1
     on conflict do nothing`,
    [scope.runId],
  );
}

/**
 * Identity matching, for one kind: links each new record to the one account whose property equals its match value. One that a record has which
 * ends with this plan is free: the person got another id.
 */
export async function resolveMatches(
  tx: Tx,
  scope: PlanScope,
  kind: 'student' | 'teacher',
  rule: NonNullable<IdentityRule>,
  many: boolean,
): Promise<void> {
  const properties = new Set([rule.student, rule.teacher]);
  const values = [scope.runId, kind, scope.sourceSystemId, rule.student, rule.teacher];
  // What each new record finds: how many accounts, which one, and who came first to it.
  const found = `
    with wanted as (
      select i.run_id, i.item_no, nullif(i.after ->> 'matchValue', '') as value,
             case ${RULE_OF_ITEM} when 'student' then $4 else $5 end as property
        from plan_item i where i.run_id = $1 and ${inBand('i', kind)} and i.action = 'create'),
    hit as (
      ${[...properties]
        .map(
          (property) => `
      select w.run_id, w.item_no, w.value, w.property, count(a.id) as accounts, min(a.person_id::text)::uuid as person_id
        from wanted w ${joinAccounts('left join', property, 'w.value', many)} where w.property = '${property}'
       group by w.run_id, w.item_no, w.value, w.property`,
        )
        .join('\n      union all')}),
    ending as materialized (
      select i.key from plan_item i where i.run_id = $1 and ${inEndings('i')} and i.kind = $2 and i.action = 'deactivate'),
    placed as (
      select h.*, row_number() over (partition by person_id order by item_no) as place,
             exists (select from link l where l.source_system_id = $3 and l.kind = $2 and l.active
                        and l.object_id = h.person_id and l.key not in (select key from ending)) as linked
        from hit h)`;
  await tx.query(
    `${found}
     insert into plan_item_failure (tenant_id, run_id, item_no, code, message, joining_value)
     select current_tenant(), run_id, item_no,
            case when accounts = 0 then 'UnsynchronizableChange' else 'DuplicateTargetEntries' end,
            case when value is null then 'The column that is matched is empty for this ' || $2 || '. Fill it in.'
                 when accounts = 0 then 'No account has the ' || property || ' ' || value || '. Create or import the account, or correct the value.'
                 when accounts > 1 then accounts || ' accounts have the ' || property || ' ' || value || '. Make it unique.'
                 else 'Another ' || $2 || ' of this source is matched to the account with the ' || property || ' ' || value || ' already.' end,
            value
       from placed where accounts <> 1 or place > 1 or linked
     on conflict do nothing`,
    values,
  );
  await tx.query(
    `${found}
     update plan_item i set action = 'link', reason = 'matchedAccount', object_id = p.id, base_version = p.version
       from placed h cross join ${lookUp('person', 'p', 'p.id = h.person_id')}
      where i.run_id = h.run_id and i.item_no = h.item_no and h.accounts = 1 and h.place = 1 and not h.linked`,
    values,
  );
}

/** Records, roles and enrollments of people that failed: they wait, and are not counted as errors of their own. */
export async function failDependants(tx: Tx, scope: PlanScope): Promise<void> {
  await tx.query(
    `insert into plan_item_failure (tenant_id, run_id, item_no, code, message, because_of)
     select current_tenant(), d.run_id, d.item_no, 'InvalidLookupReference', 'Waits for a record that could not be written.', i.item_no
       from plan_item_failure f
       join plan_item i on i.run_id = f.run_id and i.item_no = f.item_no and i.action = 'create' and i.kind = 'student'
       join plan_item d on d.run_id = i.run_id and d.object_id = i.object_id and d.kind = 'teacher' and d.reason = 'sameUser'
      where f.run_id = $1
     on conflict do nothing`,
    [scope.runId],
  );
  // One statement for each, so that the join is by one key and can be hashed.
  for (const [kind, key] of [
    ['role', 'first_key'],
    ['enrollment', 'second_key'],
  ] as const) {
    await tx.query(
      `with failed as materialized (
         select i.key, i.item_no from plan_item_failure f
           join plan_item i on i.run_id = f.run_id and i.item_no = f.item_no
          where f.run_id = $1 and i.kind in ('student', 'teacher')
            and (i.action in ('create', 'reactivate') and f.because_of is null or i.reason = 'sameUser' or f.code = 'AmbiguousUserId'))
       insert into plan_item_failure (tenant_id, run_id, item_no, code, message, because_of)
       select current_tenant(), d.run_id, d.item_no, 'InvalidLookupReference',
              'Waits for a record that could not be written.', failed.item_no
         from failed join plan_item d on d.${key} = failed.key
        where d.run_id = $1 and ${inBand('d', kind)} and d.action in ('create', 'update', 'reactivate')
       on conflict do nothing`,
      [scope.runId],
    );
  }
}
