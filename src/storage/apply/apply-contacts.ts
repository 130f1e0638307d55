import type { Tx } from '../database.ts';
import { ITEMS, type ItemRange } from './item-range.ts';

/** What the source says of the contacts of item `i`; absent is none. */
const statedIn = (record: string): string => `coalesce(i.${record} -> 'contacts', '[]')`;

/** The source says something else than before; of a record that is new, or linked to somebody who was there, something at all. */
const CHANGED = `${statedIn('after')} <> ${statedIn('before')}`;

/** Time-ordered, as the ids that the program makes (RFC 9562, version 7). */
const NEW_ID = `(lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
  || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid`;

/**
 * The contacts of the students of a range, where the source changed them: the property as a whole, as Graph's PATCH replaces it; so those
 * made by hand stay until then. A row keeps its id as long as its address and relationship stay, and gets it back when they come back. The
 * person's row has its version and change_seq from applyPeople.
 */
export async function applyContacts(tx: Tx, range: ItemRange): Promise<void> {
  const values = [range.runId, range.firstItemNo, range.lastItemNo];
  const actions = await tx.query<{ action: string }>(
    `with ${ITEMS} select distinct i.action from item i where ${CHANGED}`,
    values,
  );
  if (actions.length === 0) return;
  // Nobody new has contacts yet: no need to look.
  const people = actions.every(({ action }) => action === 'create')
    ? 'select null::uuid where false'
    : `select i.object_id from item i where ${CHANGED} and i.action <> 'create'`;
  await replaceStatedContacts(
    tx,
    `${ITEMS}, stated as (select i.object_id as person_id, ${statedIn('after')} as contacts from item i where ${CHANGED})`,
    people,
    [...values, range.changeSeq],
  );
}

/**
 * Makes the contacts of people those of a common table `stated` (person_id, contacts). `knownPeople`: a query for the ids of those who may
 * have contacts already. $4: the change_seq.
 */
export async function replaceStatedContacts(
  tx: Tx,
  tables: string,
  knownPeople: string,
  values: readonly unknown[],
): Promise<void> {
  const place = (person: string, address: string, relationship: string, order: string): string =>
    `row_number() over (partition by ${person}, lower(coalesce(${address}, '')), ${relationship} order by ${order}) as place`;
  await tx.query(
    `with ${tables},
     named as (
       select s.person_id, c ->> 'displayName' as display_name, c ->> 'emailAddress' as email_address, c ->> 'mobilePhone' as mobile_phone,
              c ->> 'relationship' as relationship, ${place('s.person_id', `c ->> 'emailAddress'`, `c ->> 'relationship'`, 'n')}
         from stated s cross join lateral jsonb_array_elements(s.contacts) with ordinality as e(c, n)),
     there as (
       select r.*, ${place('r.person_id', 'r.email_address', 'r.relationship', 'r.active desc, r.id')}
         from contact_relationship r where r.person_id in (${knownPeople})),
     pair as (
       select n.*, t.id from named n
         left join there t on t.person_id = n.person_id and t.relationship = n.relationship and t.place = n.place
          and lower(coalesce(t.email_address, '')) = lower(coalesce(n.email_address, ''))),
     gone as (
       update contact_relationship r set active = false, version = r.version + 1, change_seq = $4
         from there t where r.tenant_id = t.tenant_id and r.id = t.id and r.active
          and not exists (select from pair p where p.id = t.id)),
     kept as (
       update contact_relationship r set display_name = p.display_name, email_address = p.email_address, mobile_phone = p.mobile_phone,
              active = true, version = r.version + 1, change_seq = $4
         from pair p where r.tenant_id = current_tenant() and r.id = p.id
          and (not r.active or (r.display_name, r.email_address, r.mobile_phone)
               is distinct from (p.display_name, p.email_address, p.mobile_phone)))
     insert into contact_relationship (tenant_id, id, person_id, relationship, display_name, email_address, mobile_phone, change_seq)
     select current_tenant(), ${NEW_ID}, p.person_id, p.relationship, p.display_name, p.email_address, p.mobile_phone, $4
       from pair p where p.id is null`,
    values,
  );
}
