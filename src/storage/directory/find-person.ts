import type { Tx } from '../database.ts';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The active person with this id, else the one whose account of the built-in directory has this user name. */
export async function findPersonId(
  tx: Tx,
  person: { objectId: string | undefined; userPrincipalName: string | undefined },
): Promise<string | undefined> {
  if (person.objectId !== undefined && UUID.test(person.objectId)) {
    const rows = await tx.query<{ id: string }>('select id from person where id = $1 and active', [
      person.objectId,
    ]);
    if (rows[0] !== undefined) return rows[0].id;
  }
  if (person.userPrincipalName === undefined) return undefined;
  const rows = await tx.query<{ id: string }>(
    `select p.id from account a join person p on p.tenant_id = a.tenant_id and p.id = a.person_id
      where a.target_id = 0 and a.user_name_key = lower($1) and p.active`,
    [person.userPrincipalName],
  );
  return rows[0]?.id;
}
