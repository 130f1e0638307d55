import { ENDINGS_BAND_START, ITEM_BAND, KINDS } from '#core/roster/kinds.ts';
import { EXPIRED_STATUS, type ClassNames } from '#core/schedule/expired-names.ts';

import type { Tx } from '../database.ts';
import type { PlanScope } from './resolve-links.ts';
import { SOURCE_COURSE, SOURCE_ORG, SOURCE_SESSION } from './source-references.ts';

const CLASS_BAND_START = KINDS.indexOf('class') * ITEM_BAND;

/** A link `l` whose class is marked as expired already. $2: the prefix of its name. */
export const IS_MARKED = `(coalesce(l.attributes ->> 'status' = '${EXPIRED_STATUS}'
  and starts_with(l.attributes ->> 'displayName', $2), false))`;

/** Active classes of the source system that are not marked yet, as the directory has them, in the order of schools and source ids. */
export async function readClassesToExpire(
  tx: Tx,
  sourceSystemId: string,
  prefix: string,
): Promise<ClassNames[]> {
  return tx.query<ClassNames & object>(
    `select l.key, c.display_name as "displayName", c.mail_nickname as "mailNickname"
       from link l join class c on c.tenant_id = l.tenant_id and c.id = l.object_id
       left join org g on g.tenant_id = c.tenant_id and g.id = c.org_id
      where l.source_system_id = $1 and l.kind = 'class' and l.active and c.active and not ${IS_MARKED}
      order by g.external_id nulls first, l.source_id`,
    [sourceSystemId, prefix],
  );
}

/** Mail nicknames of classes that begin with the prefix, in lower case. */
export async function readNicknamesWithPrefix(tx: Tx, prefix: string): Promise<string[]> {
  const rows = await tx.query<{ nickname: string }>(
    'select lower(mail_nickname) as nickname from class where starts_with(lower(mail_nickname), lower($1))',
    [prefix],
  );
  return rows.map(({ nickname }) => nickname);
}

/**
 * An item for each class, with its new names. It names school, course and session again, which apply would take away otherwise. The content is
 * turned into one that no record has: should the run end half way, and the profile be renewed, the next sync finds the class changed and
 * gives it back its name. No base_version: a class that was left out because somebody touched it meanwhile would be swapped by the
 * files of the next year.
 */
export async function insertExpiredClasses(
  tx: Tx,
  scope: PlanScope,
  names: readonly ClassNames[],
): Promise<void> {
  await tx.query(
    `insert into bulk.plan_item (run_id, item_no, kind, action, reason, key, content, source_id, school_id, first_key, second_key,
                                 third_key, object_id, before, after)
     select $1, ${CLASS_BAND_START} + n.place::integer, 'class', 'update', 'profileExpired', l.key, ~l.content, l.source_id, g.external_id,
            org.key, course.key, session.key, l.object_id, l.attributes,
            l.attributes || jsonb_build_object('displayName', n.display_name, 'mailNickname', n.mail_nickname, 'status', '${EXPIRED_STATUS}')
       from unnest($3::uuid[], $4::text[], $5::text[]) with ordinality as n(key, display_name, mail_nickname, place)
       join link l on l.source_system_id = $2 and l.key = n.key
       join class c on c.tenant_id = l.tenant_id and c.id = l.object_id
       left join org g on g.tenant_id = c.tenant_id and g.id = c.org_id
       ${keyOf('org', SOURCE_ORG)} ${keyOf('course', SOURCE_COURSE)} ${keyOf('session', SOURCE_SESSION)}`,
    [
      scope.runId,
      scope.sourceSystemId,
      names.map(({ key }) => key),
      names.map(({ displayName }) => displayName),
      names.map(({ mailNickname }) => mailNickname),
    ],
  );
}

function keyOf(alias: string, objectId: string): string {
  return `left join lateral (
         select o.key from link o where o.tenant_id = l.tenant_id and o.object_id = ${objectId} and o.source_system_id = $2 limit 1
       ) ${alias} on true`;
}

/** An item for each active enrollment of a student in an active class of the source system. resolveAbsentRecords says who they are. */
export async function insertStudentEndings(tx: Tx, scope: PlanScope): Promise<void> {
  await tx.query(
    `insert into bulk.plan_item (run_id, item_no, kind, action, reason, key)
     select $1, (${ENDINGS_BAND_START} + row_number() over (order by g.external_id nulls first, l.source_id, e.key))::integer,
            'enrollment', 'end', 'profileExpired', e.key
       from link l
       join class c on c.tenant_id = l.tenant_id and c.id = l.object_id and c.active
       join enrollment e on e.tenant_id = c.tenant_id and e.class_id = c.id and e.source_system_id = l.source_system_id
        and e.active and e.role = 'student'
       left join org g on g.tenant_id = c.tenant_id and g.id = c.org_id
      where l.source_system_id = $2 and l.kind = 'class' and l.active`,
    [scope.runId, scope.sourceSystemId],
  );
}
