import { DEMOGRAPHIC_PROPERTIES } from '#core/roster/records.ts';

import type { Tx } from '../database.ts';
import { RENAMED, RULE_OF_ITEM } from '../plan/identity-rule.ts';
import { ITEMS, type ItemRange } from './item-range.ts';
import { applyContacts } from './apply-contacts.ts';
import { changed, changedAttributes } from './changed.ts';

/** What the record is called when nobody gave it a display name: given name and surname, else user name, else source id. */
const DISPLAY_NAME = `coalesce(nullif(concat_ws(' ', nullif(i.after ->> 'givenName', ''), nullif(i.after ->> 'surname', '')), ''),
  i.after ->> 'username', i.source_id)`;

/** What is kept with birth date and sex, and not with the person: more people may read names than these. */
const DEMOGRAPHIC = [
  ...DEMOGRAPHIC_PROPERTIES.filter((property) => property !== 'sex' && property !== 'birthDate'),
  'flags',
].map((property) => `'${property}'`);
/** Those that the source changed: of an item `i`. Most sources know none. */
const CHANGED_DEMOGRAPHICS = `case when i.after ?| array[${DEMOGRAPHIC.join(', ')}] then coalesce((
  select jsonb_object_agg(k, i.after -> k) from unnest(array[${DEMOGRAPHIC.join(', ')}]) k
   where nullif(i.after ->> k, '[]') is distinct from nullif(i.before ->> k, '[]')), '{}') else '{}' end`;

/** Properties with columns or rows of their own; all others of a record go into person.attributes. */
const COLUMN_PROPERTIES = `array['userPrincipalName', 'matchValue', 'primaryRole', 'givenName', 'middleName', 'surname', 'number', 'grade',
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

/** Students or teachers of a range: new people with their accounts, changed ones, and links to people that were there. */
export async function applyPeople(tx: Tx, range: ItemRange, kind: 'student' | 'teacher'): Promise<void> {
  const values = [range.runId, range.firstItemNo, range.lastItemNo, range.changeSeq];
  await createPeople(tx, values, range.sourceSystemId, kind);
  const actions = await tx.query<{ action: string }>(
    `with ${ITEMS} select distinct action from item where action <> 'create'`,
    values.slice(0, 3),
  );
  if (actions.some(({ action }) => action === 'link'))
    await linkPeople(tx, values, range.sourceSystemId, kind);
  if (actions.some(({ action }) => action === 'update' || action === 'reactivate')) {
    await updatePeople(tx, values, range.sourceSystemId, kind);
  }
  if (kind === 'student') await applyContacts(tx, range);
  await tx.query(
    `with ${ITEMS}
     insert into demographics as d (tenant_id, person_id, birth_date, sex, attributes, change_seq)
     select current_tenant(), i.object_id,
            case when i.after ->> 'birthDate' is distinct from i.before ->> 'birthDate' then (i.after ->> 'birthDate')::date
                 ${orAsItIs('birth_date')} end,
            case when i.after ->> 'sex' is distinct from i.before ->> 'sex' then i.after ->> 'sex' ${orAsItIs('sex')} end,
            jsonb_strip_nulls(case when i.action = 'create' then '{}'
              else coalesce((select o.attributes from demographics o where o.person_id = i.object_id), '{}') end || n.changed), $4
       from item i cross join lateral (select ${CHANGED_DEMOGRAPHICS} as changed) n
      where i.after ->> 'birthDate' is distinct from i.before ->> 'birthDate' or i.after ->> 'sex' is distinct from i.before ->> 'sex'
         or n.changed <> '{}'
     on conflict (tenant_id, person_id) do update
        set birth_date = excluded.birth_date, sex = excluded.sex, attributes = excluded.attributes, version = d.version + 1, change_seq = excluded.change_seq`,
    values,
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
 * It becomes the owner when nobody is, or when its source system comes first.
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
      where i.action = 'link' and not p.active and not a.enabled and a.person_id = p.id and a.target_id = 0`,
    values,
  );
  await tx.query(
    `with ${ITEMS}
     update person o set given_name = coalesce(o.given_name, i.after ->> 'givenName'),
            middle_name = coalesce(o.middle_name, i.after ->> 'middleName'), surname = coalesce(o.surname, i.after ->> 'surname'),
            primary_role = case when i.after ? 'primaryRole' and o.primary_role in ('none', 'student', 'teacher')
                and (first.wins or p.owner_source_system_id = $5) then i.after ->> 'primaryRole'
              when o.primary_role in ('none', 'student') then i.kind else o.primary_role end,
            ${kind}_external_id = i.source_id,
            ${KIND_COLUMNS[kind].map(([column, property]) => `${column} = coalesce(i.after ->> '${property}', o.${column})`).join(', ')},
            attributes = o.attributes || ${ATTRIBUTES},
            owner_link_key = case when first.wins then i.key else o.owner_link_key end,
            owner_source_system_id = case when first.wins then $5 else o.owner_source_system_id end,
            active = true, version = o.version + 1, change_seq = $4
       from item i
       join person p on p.id = i.object_id
       cross join lateral (select p.owner_link_key is null or (select priority from source_system where id = $5)
              < (select priority from source_system where id = p.owner_source_system_id) as wins) first
      where i.action = 'link' and o.tenant_id = p.tenant_id and o.id = p.id`,
    [...values, sourceSystemId],
  );
}

/** The source changed something: the owner link changes the person; another link of the same kind only what is the kind's. */
async function updatePeople(
  tx: Tx,
  values: readonly unknown[],
  sourceSystemId: string,
  kind: 'student' | 'teacher',
): Promise<void> {
  const isOwner =
    '(o.owner_link_key is null or (o.owner_link_key = i.key and o.owner_source_system_id = $5))';
  await tx.query(
    `with ${ITEMS}
     update person o set
            display_name = case when (i.after ->> 'givenName', i.after ->> 'surname') is distinct from (i.before ->> 'givenName', i.before ->> 'surname')
              then ${DISPLAY_NAME} else o.display_name end,
            ${changed('given_name', 'givenName')}, ${changed('middle_name', 'middleName')}, ${changed('surname', 'surname')},
            ${changedAttributes(COLUMN_PROPERTIES)},
            primary_role = case when i.after ->> 'primaryRole' is distinct from i.before ->> 'primaryRole'
              then coalesce(i.after ->> 'primaryRole', o.primary_role) else o.primary_role end,
            owner_link_key = i.key, owner_source_system_id = $5, change_seq = $4
       from item i where i.action in ('update', 'reactivate') and o.id = i.object_id and ${isOwner}`,
    [...values, sourceSystemId],
  );
  await tx.query(
    `with ${ITEMS}
     update person o set
            ${kind}_external_id = case when i.action = 'reactivate' then i.source_id else o.${kind}_external_id end,
            ${KIND_COLUMNS[kind].map(([column, property]) => changed(column, property)).join(', ')},
            active = o.active or i.action = 'reactivate', version = o.version + 1, change_seq = $4
       from item i where i.action in ('update', 'reactivate') and o.id = i.object_id`,
    values,
  );
  await tx.query(
    `with ${ITEMS}
     update account o set
            user_name = case when ${RENAMED} then coalesce(i.after ->> 'userPrincipalName', o.user_name) else o.user_name end,
            mail = case when o.mail = o.user_name and ${RENAMED} then coalesce(i.after ->> 'userPrincipalName', o.mail) else o.mail end,
            enabled = o.enabled or i.action = 'reactivate', version = o.version + 1, change_seq = $4
       from item i
      where i.action in ('update', 'reactivate') and o.person_id = i.object_id and o.target_id = 0
        and (i.action = 'reactivate' or ${RENAMED})`,
    values,
  );
}
