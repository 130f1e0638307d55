import type { Tx } from '../database.ts';
import { USER_COLUMNS, type HandValues } from './hand-columns.ts';
import { updateRow } from './write-row.ts';

/**
 * Changes a person with their account (target 0) and demographics. The person's version and change_seq rise whatever is changed: readers of
 * users follow the person's row. The caller holds the tenant's counter. @returns the values before, by path.
 */
export async function updateUser(
  tx: Tx,
  user: {
    id: string;
    values: HandValues;
    /** Sealed by SecretBox. */
    initialPassword?: Buffer | undefined;
    changeSeq: number;
  },
): Promise<Record<string, unknown>> {
  const { id, values, changeSeq, initialPassword } = user;
  const row = { id, columns: USER_COLUMNS, values, changeSeq };
  const touches = (table: string): boolean =>
    Object.keys(values).some((path) => USER_COLUMNS[path]?.table === table);
  const before = await updateRow(tx, 'person', row);
  if (touches('account')) Object.assign(before, await updateRow(tx, 'account', row));
  if (touches('demographics')) {
    await tx.query(
      `insert into demographics (tenant_id, person_id, change_seq) values (current_tenant(), $1, $2) on conflict do nothing`,
      [id, changeSeq],
    );
    Object.assign(before, await updateRow(tx, 'demographics', row));
  }
  if (initialPassword !== undefined) {
    await tx.query(
      `update account set initial_password = $2, version = version + 1, change_seq = $3 where person_id = $1 and target_id = 0`,
      [id, initialPassword, changeSeq],
    );
  }
  return before;
}

/**
 * The first of these properties whose value somebody else has, in any case: user names are one person's for ever, mail addresses those of
 * active people. The caller holds the tenant's counter, so that it stays true until commit.
 */
export async function findTakenName(
  tx: Tx,
  names: { userPrincipalName?: string | undefined; mail?: string | undefined },
  exceptPersonId: string,
): Promise<'userPrincipalName' | 'mail' | undefined> {
  if (names.userPrincipalName === undefined && names.mail === undefined) return undefined;
  const rows = await tx.query<{ property: 'userPrincipalName' | 'mail' }>(
    `select 'userPrincipalName' as property from account a
      where a.target_id = 0 and a.person_id <> $3 and a.user_name_key = lower($1)
     union all
     select 'mail' from account a join person p on p.tenant_id = a.tenant_id and p.id = a.person_id
      where a.target_id = 0 and a.person_id <> $3 and lower(a.mail) = lower($2) and p.active
      order by 1 desc limit 1`,
    [names.userPrincipalName ?? null, names.mail ?? null, exceptPersonId],
  );
  return rows[0]?.property;
}
