import type { ExtensionAttribute } from '#core/users/extension-attributes.ts';

import type { Tx } from '../database.ts';

/** New values of a person and their account; what is absent stays. */
export interface UserChange {
  readonly personId: string;
  readonly displayName?: string;
  readonly givenName?: string;
  readonly surname?: string;
  readonly mail?: string;
  readonly mailNickname?: string;
  readonly employeeId?: string;
  readonly accountEnabled?: boolean;
  readonly extensionAttributes?: Readonly<Partial<Record<ExtensionAttribute, string>>>;
}

/**
 * Writes the changes: only people with another value get a new version. A person's version and change_seq rise with their account's, too:
 * readers of users follow the person's row. The caller holds the tenant's counter (nextChangeSeq).
 */
export async function updateUsers(tx: Tx, changes: readonly UserChange[], changeSeq: number): Promise<void> {
  const rows = JSON.stringify(changes);
  const accounts = await tx.query<{ person_id: string }>(
    `update account a set mail = coalesce(u.mail, a.mail), mail_nickname = coalesce(u."mailNickname", a.mail_nickname),
            employee_id = coalesce(u."employeeId", a.employee_id), enabled = coalesce(u."accountEnabled", a.enabled),
            extension_attributes = a.extension_attributes || coalesce(u."extensionAttributes", '{}'),
            version = a.version + 1, change_seq = $2
       from jsonb_to_recordset($1) as u("personId" uuid, mail text, "mailNickname" text, "employeeId" text, "accountEnabled" boolean, "extensionAttributes" jsonb)
      where a.person_id = u."personId" and a.target_id = 0
        and (coalesce(u.mail, a.mail), coalesce(u."mailNickname", a.mail_nickname), coalesce(u."employeeId", a.employee_id),
             coalesce(u."accountEnabled", a.enabled), a.extension_attributes || coalesce(u."extensionAttributes", '{}'))
            is distinct from (a.mail, a.mail_nickname, a.employee_id, a.enabled, a.extension_attributes)
     returning a.person_id`,
    [rows, changeSeq],
  );
  await tx.query(
    `update person p set display_name = coalesce(u."displayName", p.display_name), given_name = coalesce(u."givenName", p.given_name),
            surname = coalesce(u.surname, p.surname), version = p.version + 1, change_seq = $2
       from jsonb_to_recordset($1) as u("personId" uuid, "displayName" text, "givenName" text, surname text)
      where p.id = u."personId"
        and (p.id = any ($3::uuid[]) or (coalesce(u."displayName", p.display_name), coalesce(u."givenName", p.given_name), coalesce(u.surname, p.surname))
            is distinct from (p.display_name, p.given_name, p.surname))`,
    [rows, changeSeq, accounts.map(({ person_id }) => person_id)],
  );
}
