import type { Tx } from '../database.ts';

const ENDED = `active = false, removed_by_hand = 'withObject', version = version + 1, change_seq = $2`;
const INACTIVE = 'active = false, version = version + 1, change_seq = $2';

/**
 * Each makes an object inactive and ends its memberships; nothing is erased. The links stay active, since the sources go on stating the
 * object: it is what tells a deletion by hand from one by a sync (plan/resolve-removed.ts). The caller holds the tenant's counter, and has
 * seen that the object is there.
 */
export async function removeSchool(tx: Tx, id: string, changeSeq: number): Promise<void> {
  await tx.query(`update org set ${INACTIVE} where id = $1`, [id, changeSeq]);
  await tx.query(`update role set ${ENDED} where org_id = $1 and active`, [id, changeSeq]);
}

export async function removeClass(tx: Tx, id: string, changeSeq: number): Promise<void> {
  await tx.query(`update class set ${INACTIVE} where id = $1`, [id, changeSeq]);
  await tx.query(`update enrollment set ${ENDED} where class_id = $1 and active`, [id, changeSeq]);
}

/**
 * The account is disabled. When no source knows the person, nobody can bring them back: user name, mail and the like are set free for others,
 * as Entra does it, with the id before them.
 */
export async function removePerson(tx: Tx, id: string, changeSeq: number): Promise<void> {
  await tx.query(`update person set ${INACTIVE} where id = $1`, [id, changeSeq]);
  await tx.query(
    `update account a set enabled = false, version = version + 1, change_seq = $2
      where a.person_id = $1 and a.target_id = 0`,
    [id, changeSeq],
  );
  const names = ['user_name', 'mail', 'mail_nickname', 'employee_id'];
  await tx.query(
    `update account a set ${names.map((name) => `${name} = replace($1::text, '-', '') || ${name}`).join(', ')},
            extension_attributes = (select coalesce(jsonb_object_agg(key, replace($1::text, '-', '') || value), '{}') from jsonb_each_text(a.extension_attributes))
      where a.person_id = $1::uuid and a.target_id = 0 and not exists (select from link l where l.object_id = a.person_id)`,
    [id],
  );
  await tx.query(`update enrollment set ${ENDED} where person_id = $1 and active`, [id, changeSeq]);
  await tx.query(`update role set ${ENDED} where person_id = $1 and active`, [id, changeSeq]);
}
