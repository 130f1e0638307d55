import { DEMOGRAPHIC_PROPERTIES } from '#core/roster/records.ts';
import { must } from '#lib/assert.ts';

import type { Tx } from '../database.ts';
import { RENAMED, RULE_OF_ITEM } from '../plan/identity-rule.ts';
import { ITEMS, type ItemRange } from './item-range.ts';
import { applyContacts } from './apply-contacts.ts';
import { valueIfChanged, withChangedAttributes } from './changed.ts';
import { freeUserNames } from './free-user-names.ts';
import { isPast } from './links-of-person.ts';

/** What the record is called when nobody gave it a display name: given name and surname, else user name, else source id. */
const DISPLAY_NAME = `coalesce(nullif(concat_ws(' ', nullif(i.after ->> 'givenName', ''), nullif(i.after ->> 'surname', '')), ''),
  i.after ->> 'username', i.source_id)`;

/** The parts of a name: columns, and what an item `i` says of a person `o`. Everybody has a given name and a surname. */
const NAMES = [
  ['given_name', 'givenName', `coalesce(i.after ->> 'givenName', o.given_name)`],
  ['middle_name', 'middleName', `i.after ->> 'middleName'`],
  ['surname', 'surname', `coalesce(i.after ->> 'surname', o.surname)`],
] as const;
/** Sets them: to what the item says where the condition holds, else to what `otherwise` gives of a column and its property. */
function namesWhere(condition: string, otherwise: (column: string, property: string) => string): string {
  return NAMES.map(
    ([column, property, said]) =>
      `${column} = case when ${condition} then ${said} else ${otherwise(column, property)} end, `,
  ).join('');
}
/** An item `i` calls the person `o` otherwise. */
const OTHER_NAME = `(coalesce(i.after ->> 'givenName', o.given_name), coalesce(i.after ->> 'surname', o.surname)) is distinct from (o.given_name, o.surname)`;

/** What is kept with birth date and sex, and not with the person: more people may read names than these. */
const DEMOGRAPHIC = [
  ...DEMOGRAPHIC_PROPERTIES.filter((property) => property !== 'sex' && property !== 'birthDate'),
  'flags',
].map((property) => `'${property}'`);
/** With them: their names in SQL, to be put between the brackets of an array. */
export const PROPERTIES_OF_DEMOGRAPHICS = [`'birthDate'`, `'sex'`, ...DEMOGRAPHIC].join(', ');
/** Those that the source changed: of an item `i`. Most sources know none. */
const CHANGED_DEMOGRAPHICS = `case when i.after ?| array[${DEMOGRAPHIC.join(', ')}] or i.before ?| array[${DEMOGRAPHIC.join(', ')}] then coalesce((
  select jsonb_object_agg(k, i.after -> k) from unnest(array[${DEMOGRAPHIC.join(', ')}]) k
   where nullif(i.after ->> k, '[]') is distinct from nullif(i.before ->> k, '[]')), '{}') else '{}' end`;

/**
 * What was said of the person of an item `i` before, if another record said it: of somebody who comes back, or as something else. That of the
 * same user, or, if all records had ended, the one that ended after the item's own. Two sources may have one id, and so one key. $5: the source system.
 */
const SAID_BY_OTHER = `(select w.attributes from link w
  where w.object_id = i.object_id
    and (w.active and w.shared_user_id and w.source_system_id = $5
      or not exists (select from link v where v.object_id = i.object_id and (v.source_system_id, v.key) <> ($5, i.key) and v.active)
         and w.last_run_id > all (select own.last_run_id from link own where own.source_system_id = $5 and own.key = i.key))
  order by w.last_run_id desc limit 1)`;

/** Properties with columns or rows of their own; all others of a record go into person.attributes. */
export const COLUMN_PROPERTIES = `array['userPrincipalName', 'matchValue', 'primaryRole', 'givenName', 'middleName', 'surname', 'number', 'grade',
  'graduationYear', 'birthDate', 'sex', 'contacts', ${DEMOGRAPHIC.join(', ')}]`;
const ATTRIBUTES = `jsonb_strip_nulls(i.after - ${COLUMN_PROPERTIES})`;

/** What the profile assigns to new accounts of a role (licensesToAssign). The same for all items: looked up once. */
const licensesOf = (role: string): string => `(select coalesce(array_agg(distinct sku), '{}')
  from run r join profile f on f.tenant_id = r.tenant_id and f.id = r.profile_id
  cross join lateral jsonb_array_elements(case jsonb_typeof(f.licenses_to_assign) when 'array' then f.licenses_to_assign else '[]' end) l
  cross join lateral jsonb_array_elements_text(l -> 'skuIds') sku
 where r.id = $1 and l ->> 'appliesTo' = '${role}')`;
const LICENSES = `case ${RULE_OF_ITEM} when 'student' then ${licensesOf('student')} else ${licensesOf('teacher')} end`;

/** Columns that belong to one of the two kinds, so a person who is both has both. */
const KIND_COLUMNS = {
  student: [
    ['student_number', 'number'],
    ['grade', 'grade'],
    ['graduation_year', 'graduationYear'],
  ],
  teacher: [['teacher_number', 'number']],
} as const;

type PersonKind = keyof typeof KIND_COLUMNS;
const OTHER_KIND: Readonly<Record<PersonKind, PersonKind>> = { student: 'teacher', teacher: 'student' };

/** Id and number as the other kind go when the person comes back and is that no more, as they go with its last link. */
function clearOther(kind: PersonKind, condition: string): string {
  const other = OTHER_KIND[kind];
  return ['external_id', 'number']
    .map((name) => `${other}_${name} = case when ${condition} then null else o.${other}_${name} end`)
    .join(', ');
}

/** The link that supplies the attributes of a person (a row of that alias) is ended. */
const ownerIsLost = (person: string): string => `(${person}.owner_link_key is not null and not exists (
  select from link w where w.source_system_id = ${person}.owner_source_system_id and w.key = ${person}.owner_link_key and w.active))`;

/** The attributes of a person (a row of that alias) without what such a link said. */
const withoutLostOwner = (person: string): string => `(${person}.attributes - coalesce((
  select array_agg(k) from link w cross join lateral jsonb_object_keys(w.attributes) k
   where w.source_system_id = ${person}.owner_source_system_id and w.key = ${person}.owner_link_key), '{}'))`;

/** Students or teachers of a range: new people with their accounts, changed ones, and links to people that were there. */
export async function applyPeople(tx: Tx, range: ItemRange, kind: 'student' | 'teacher'): Promise<void> {
  const values = [range.runId, range.firstItemNo, range.lastItemNo, range.changeSeq];
  const found = await tx.query<{ links: boolean; changes: boolean; renames: boolean }>(
    `with ${ITEMS}
     select coalesce(bool_or(i.action = 'link'), false) as links, coalesce(bool_or(i.action in ('update', 'reactivate')), false) as changes,
            coalesce(bool_or(i.action in ('update', 'reactivate') and ${RENAMED}), false) as renames from item i`,
    values.slice(0, 3),
  );
  const { links, changes, renames } = must(found[0]);
  if (renames || (range.renamedAhead ?? []).length > 0) await freeUserNames(tx, range);
  await createPeople(tx, values, range.sourceSystemId, kind);
  if (links) await linkPeople(tx, values, range.sourceSystemId, kind);
  if (changes) await updatePeople(tx, values, range.sourceSystemId, kind);
  if (kind === 'student') await applyContacts(tx, range);
  await tx.query(
    `with ${ITEMS},
     said as (select i.object_id, i.action, i.after,
                     case when i.action in ('link', 'reactivate') then coalesce(${SAID_BY_OTHER}, i.before) else i.before end as before from item i)
     insert into demographics as d (tenant_id, person_id, birth_date, sex, attributes, change_seq)
     select current_tenant(), i.object_id,
            case when i.after ->> 'birthDate' is distinct from i.before ->> 'birthDate' then (i.after ->> 'birthDate')::date
                 ${orAsItIs('birth_date')} end,
            case when i.after ->> 'sex' is distinct from i.before ->> 'sex' then i.after ->> 'sex' ${orAsItIs('sex')} end,
            jsonb_strip_nulls(case when i.action = 'create' then '{}'
              else coalesce((select o.attributes from demographics o where o.person_id = i.object_id), '{}') end || n.changed), $4
       from said i cross join lateral (select ${CHANGED_DEMOGRAPHICS} as changed) n
      where i.after ->> 'birthDate' is distinct from i.before ->> 'birthDate' or i.after ->> 'sex' is distinct from i.before ->> 'sex'
         or n.changed <> '{}'
     on conflict (tenant_id, person_id) do update
        set birth_date = excluded.birth_date, sex = excluded.sex, attributes = excluded.attributes, version = d.version + 1, change_seq = excluded.change_seq`,
    [...values, range.sourceSystemId],
  );
}

/** In a CASE: what the demographics of the person have in the column; looked up only when there may be something. */
function orAsItIs(column: string): string {
  return `when i.action <> 'create' then (select o.${column} from demographics o where o.person_id = i.object_id)`;
}

async function createPeople(
  tx: Tx,
  values: readonly unknown[],
  sourceSystemId: string,
  kind: 'student' | 'teacher',
): Promise<void> {
  await tx.query(
    `with ${ITEMS}
     insert into person (tenant_id, id, owner_link_key, owner_source_system_id, primary_role, display_name, given_name,
                         middle_name, surname, ${kind}_external_id, ${KIND_COLUMNS[kind].map(([column]) => column).join(', ')},
                         attributes, change_seq)
     select current_tenant(), i.object_id, i.key, $5, ${RULE_OF_ITEM}, ${DISPLAY_NAME}, i.after ->> 'givenName', i.after ->> 'middleName',
            i.after ->> 'surname', i.source_id, ${KIND_COLUMNS[kind].map(([, property]) => `i.after ->> '${property}'`).join(', ')},
            ${ATTRIBUTES}, $4
       from item i where i.action = 'create'`,
    [...values, sourceSystemId],
  );
  // The account of target 0 has the id of its person: the built-in directory is Graph's user, which is both.
  await tx.query(
    `with ${ITEMS}
     insert into account (tenant_id, id, person_id, user_name, mail, mail_nickname, initial_password, licenses, change_seq)
     select current_tenant(), i.object_id, i.object_id, i.after ->> 'userPrincipalName', i.after ->> 'userPrincipalName',
            split_part(i.after ->> 'userPrincipalName', '@', 1), i.secret, ${LICENSES}, $4
       from item i where i.action = 'create'`,
    values,
  );
}

/**
 * A person that was there already: the link adds what the source knows of the kind, and fills names only where none is.
 * It becomes the owner when nobody is, or when its source system comes first; also when the owner has ended: then the names are its own, unless
 * the person was made by hand.
 */
async function linkPeople(
  tx: Tx,
  values: readonly unknown[],
  sourceSystemId: string,
  kind: 'student' | 'teacher',
): Promise<void> {
  // Who was inactive is back, and may sign in again.
  await tx.query(
    `with ${ITEMS}
     update account a set enabled = true, version = a.version + 1, change_seq = $4
       from item i join person p on p.id = i.object_id
      where i.action = 'link' and not p.active and not a.enabled and a.id = p.id`,
    values,
  );
  await tx.query(
    `with ${ITEMS}
     update person o set ${namesWhere('first.supplies', (column, property) => `coalesce(o.${column}, i.after ->> '${property}')`)}
            display_name = case when first.supplies and ${OTHER_NAME} then ${DISPLAY_NAME} else o.display_name end,
            primary_role = case when i.after ? 'primaryRole' and o.primary_role in ('none', 'student', 'teacher')
                and (first.wins or p.owner_source_system_id = $5) then i.after ->> 'primaryRole'
              when o.primary_role in ('none', 'student') or (past.other and o.primary_role = '${OTHER_KIND[kind]}') then i.kind
              else o.primary_role end,
            ${kind}_external_id = i.source_id, ${clearOther(kind, 'past.other')},
            ${KIND_COLUMNS[kind]
              .map(
                ([column, property]) =>
                  `${column} = case when past.own then i.after ->> '${property}' else coalesce(i.after ->> '${property}', o.${column}) end`,
              )
              .join(', ')},
            attributes = case when first.supplies then ${withoutLostOwner('p')} else o.attributes end || ${ATTRIBUTES},
            owner_link_key = case when first.wins then i.key else o.owner_link_key end,
            owner_source_system_id = case when first.wins then $5 else o.owner_source_system_id end,
            active = true, version = o.version + 1, change_seq = $4
       from item i
       join person p on p.id = i.object_id
       cross join lateral (select ${ownerIsLost('p')} as lost) owner
       cross join lateral (select p.owner_link_key is null or owner.lost or (select priority from source_system where id = $5)
              < (select priority from source_system where id = p.owner_source_system_id) as wins,
              owner.lost and p.external_source <> 'manual' as supplies) first
       cross join lateral (select ${isPast(kind, 'p.id')} as own, ${isPast(OTHER_KIND[kind], 'p.id')} as other) past
      where i.action = 'link' and o.tenant_id = p.tenant_id and o.id = p.id`,
    [...values, sourceSystemId],
  );
}

/**
 * The source changed something: the owner link changes the person; another link of the same kind only what is the kind's. Whose owner has ended
 * gets the link as the next one, with all that it says.
 */
async function updatePeople(
  tx: Tx,
  values: readonly unknown[],
  sourceSystemId: string,
  kind: 'student' | 'teacher',
): Promise<void> {
  const isOwn = '(o.owner_link_key = i.key and o.owner_source_system_id = $5)';
  const takesOver = `(o.owner_link_key is not null and not ${isOwn} and o.external_source <> 'manual')`;
  await tx.query(
    `with ${ITEMS}
     update person o set
            display_name = case when ${takesOver} and ${OTHER_NAME}
                or (i.after ->> 'givenName', i.after ->> 'surname') is distinct from (i.before ->> 'givenName', i.before ->> 'surname')
              then ${DISPLAY_NAME} else o.display_name end,
            ${namesWhere(takesOver, valueIfChanged)}
            attributes = case when ${takesOver} then ${withoutLostOwner('o')} || ${ATTRIBUTES} else ${withChangedAttributes(COLUMN_PROPERTIES)} end,
            primary_role = case when i.after ->> 'primaryRole' is distinct from i.before ->> 'primaryRole'
              then coalesce(i.after ->> 'primaryRole', o.primary_role) else o.primary_role end,
            owner_link_key = i.key, owner_source_system_id = $5, change_seq = $4
       from item i
      where i.action in ('update', 'reactivate') and o.id = i.object_id and (o.owner_link_key is null or ${isOwn} or ${ownerIsLost('o')})`,
    [...values, sourceSystemId],
  );
  await tx.query(
    `with ${ITEMS}
     update person o set
            ${kind}_external_id = case when i.action = 'reactivate' then i.source_id else o.${kind}_external_id end,
            ${KIND_COLUMNS[kind]
              .map(
                ([
                  column,
                  property,
                ]) => `${column} = case when back.is_back and o.${kind}_external_id is distinct from i.source_id then i.after ->> '${property}'
                  else ${valueIfChanged(column, property)} end, `,
              )
              .join('')}
            ${clearOther(kind, 'back.is_back and past.other')},
            primary_role = case when not back.is_back or o.primary_role not in ('none', 'student', 'teacher') then o.primary_role
              when i.after ? 'primaryRole' and o.owner_source_system_id = $5 then i.after ->> 'primaryRole'
              when o.primary_role = 'teacher' and not past.other then o.primary_role else i.kind end,
            attributes = case when back.is_back and not ${isOwn} then o.attributes || ${ATTRIBUTES} else o.attributes end,
            active = o.active or i.action = 'reactivate', version = o.version + 1, change_seq = $4
       from item i
      cross join lateral (select i.action = 'reactivate' and exists (select from link w
              where w.source_system_id = $5 and w.key = i.key and not w.active) as is_back) back
      cross join lateral (select back.is_back and ${isPast(OTHER_KIND[kind], 'i.object_id')} as other) past
      where i.action in ('update', 'reactivate') and o.id = i.object_id`,
    [...values, sourceSystemId],
  );
  // By the id, which is that of the person: see accountOf.
  await tx.query(
    `with ${ITEMS}
     update account o set
            user_name = case when ${RENAMED} then coalesce(i.after ->> 'userPrincipalName', o.user_name) else o.user_name end,
            mail = case when o.mail = o.user_name and ${RENAMED} then coalesce(i.after ->> 'userPrincipalName', o.mail) else o.mail end,
            enabled = o.enabled or i.action = 'reactivate', version = o.version + 1, change_seq = $4
       from item i
      where i.action in ('update', 'reactivate') and o.id = i.object_id
        and (i.action = 'reactivate' or ${RENAMED})`,
    values,
  );
}
