import type { Tx } from '../database.ts';
import { accountOf, type IdentityRule, namesAccount } from './identity-rule.ts';
import { inBand } from './item-band.ts';
import { lookUp } from './look-up.ts';
import type { PlanScope } from './resolve-links.ts';

/**
 * Formats with one id for each user: whoever has roles of a student and of staff has two records, and is one person. To be called for such
 * formats only: elsewhere a pupil and a teacher may have the same id by chance. They may have had it in the rosters of before, in another
 * format: what a link says that was stated by such a roster last (not link.shared_user_id) needs evidence to be about the user.
 */

const OTHER = `case i.kind when 'student' then 'teacher' else 'student' end`;
/** The link of the other kind with the id of an item `i`. */
const OTHER_LINK = lookUp(
  'link',
  'o',
  `o.source_system_id = $2 and o.source_id = i.source_id and o.kind = ${OTHER}`,
);
/** This roster states the record of the link `o` anew. One that it knows has an item: after a change of the format all people have. */
const STATED = `left join plan_item s on s.run_id = $1 and s.kind = o.kind and s.source_id = i.source_id
  and s.action in ('update', 'reactivate')`;

/**
 * New as one of the two, known as the other, active or not: the record is linked to that person. Evidence: a roster with one id for each
 * user stated the other record, before or now; or the record names the account of that person. `samePerson`: somebody who knows said so.
 * Before identities are resolved.
 */
export async function linkToKnownUsers(
  tx: Tx,
  scope: PlanScope,
  identity: IdentityRule,
  samePerson: boolean,
): Promise<void> {
  await tx.query(
    `update plan_item t set action = 'link', reason = 'sameUser', object_id = n.person_id, base_version = n.version
       from (select i.item_no, p.id as person_id, p.version from plan_item i
              cross join ${OTHER_LINK}
              cross join ${lookUp('person', 'p', 'p.tenant_id = o.tenant_id and p.id = o.object_id')}
              left join ${accountOf('o.object_id')} on true
              ${STATED}
              where i.run_id = $1 and ${inBand('i', 'student', 'teacher')} and i.action = 'create'
                and (o.shared_user_id or $3 or s.item_no is not null or ${namesAccount(identity)})) n
      where t.run_id = $1 and ${inBand('t', 'student', 'teacher')} and t.item_no = n.item_no`,
    [scope.runId, scope.sourceSystemId, samePerson],
  );
}

/** Identity creation: what is new, could be somebody who is known, and nothing tells. After those are linked of whom something does. */
export async function failDoubtfulUsers(tx: Tx, scope: PlanScope): Promise<void> {
  await tx.query(
    `insert into plan_item_failure (tenant_id, run_id, item_no, code, message, joining_value)
     select current_tenant(), $1, i.item_no, 'AmbiguousUserId',
            'When students and teachers had ids of their own, a ' || o.kind || ' had the id of this ' || i.kind
              || coalesce(' (user name ' || a.user_name || ')', '') || '. Nothing says whether they are the same person. If they are, give both the same user name; '
              || 'for all such records at once, set idsAcrossKinds of the profile to samePerson or differentPeople.', i.source_id
       from plan_item i
      cross join ${OTHER_LINK}
       left join ${accountOf('o.object_id')} on true
      where i.run_id = $1 and ${inBand('i', 'student', 'teacher')} and i.action = 'create'
     on conflict do nothing`,
    [scope.runId, scope.sourceSystemId],
  );
}

/**
 * Known as both, as two people of whom each had the id as one of the two: one user cannot be both. A record is that of its link if it was
 * stated with one id for each user before, or if it names the account; or if the person was there until now and nothing else has the id.
 */
export async function failContestedIds(tx: Tx, scope: PlanScope, identity: IdentityRule): Promise<void> {
  await tx.query(
    `insert into plan_item_failure (tenant_id, run_id, item_no, code, message, joining_value)
     select current_tenant(), $1, i.item_no, 'AmbiguousUserId',
            'The id of this ' || i.kind || ' is that of two people of the directory, a student and a teacher, from when these had ids of their own; '
              || 'in the files it is one user. Give the user another id, or the user name of the person it is'
              || coalesce(' (as a ' || i.kind || ': ' || a.user_name || ')', '') || '.', i.source_id
       from plan_item i
      cross join ${lookUp('link', 'l', 'l.source_system_id = $2 and l.key = i.key and not l.shared_user_id')}
      cross join ${OTHER_LINK}
       left join ${accountOf('l.object_id')} on true
       ${STATED}
      where i.run_id = $1 and ${inBand('i', 'student', 'teacher')} and i.action in ('update', 'reactivate')
        and o.object_id <> l.object_id and (not l.active or o.shared_user_id or s.item_no is not null)
        and (${namesAccount(identity)}) is not true
     on conflict do nothing`,
    [scope.runId, scope.sourceSystemId],
  );
}

/** New as both: the teacher's record is linked to the person that the student's record makes, or is linked to. */
export async function linkNewUsers(tx: Tx, scope: PlanScope): Promise<void> {
  await tx.query(
    `update plan_item t set action = 'link', reason = 'sameUser', object_id = s.object_id, base_version = s.base_version
       from plan_item s
      where t.run_id = $1 and ${inBand('t', 'teacher')} and t.action = 'create'
        and s.run_id = $1 and ${inBand('s', 'student')} and s.action in ('create', 'link') and s.source_id = t.source_id
        and not exists (select from plan_item_failure f where f.run_id = $1 and f.item_no = t.item_no)`,
    [scope.runId],
  );
}
