import type { Tx } from '../database.ts';

/** A contact of a person as it is to be. */
export interface HandContact {
  /** Of a row of this person that is active: it is changed. Any other: a new one. */
  readonly id: string;
  readonly displayName: string;
  readonly relationship: string;
  readonly emailAddress: string | null;
  readonly mobilePhone: string | null;
}

/** The active contacts of a person, in the order they are shown. */
export async function readContacts(tx: Tx, personId: string): Promise<HandContact[]> {
  return tx.query<HandContact & object>(
    `select id, display_name as "displayName", relationship, email_address as "emailAddress", mobile_phone as "mobilePhone"
       from contact_relationship where person_id = $1 and active order by id`,
    [personId],
  );
}

/** These are the person's contacts from now on; the others become inactive. The caller holds the tenant's counter. */
export async function replaceContacts(
  tx: Tx,
  personId: string,
  contacts: readonly HandContact[],
  changeSeq: number,
): Promise<void> {
  const rows = JSON.stringify(contacts);
  await tx.query(
    `update contact_relationship set active = false, version = version + 1, change_seq = $3
      where person_id = $1 and active and id <> all ($2::uuid[])`,
    [personId, contacts.map(({ id }) => id), changeSeq],
  );
  await tx.query(
    `insert into contact_relationship as r (tenant_id, id, person_id, relationship, display_name, email_address, mobile_phone, change_seq)
     select current_tenant(), n.id, $1, n.relationship, n."displayName", n."emailAddress", n."mobilePhone", $3
       from jsonb_to_recordset($2) as n(id uuid, relationship text, "displayName" text, "emailAddress" text, "mobilePhone" text)
     on conflict (tenant_id, id) do update
        set relationship = excluded.relationship, display_name = excluded.display_name, email_address = excluded.email_address,
            mobile_phone = excluded.mobile_phone, version = r.version + 1, change_seq = excluded.change_seq
      where (r.relationship, r.display_name, r.email_address, r.mobile_phone)
            is distinct from (excluded.relationship, excluded.display_name, excluded.email_address, excluded.mobile_phone)`,
    [personId, rows, changeSeq],
  );
  await tx.query('update person set version = version + 1, change_seq = $2 where id = $1', [
    personId,
    changeSeq,
  ]);
}
