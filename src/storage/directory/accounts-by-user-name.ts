import type { ExtensionAttribute } from '#core/users/extension-attributes.ts';

import type { Tx } from '../database.ts';
import { lookUp } from '../plan/look-up.ts';

/** An account of the built-in directory with the names of its person. */
export interface StoredAccount extends Readonly<Partial<Record<ExtensionAttribute, string>>> {
  /** The user name that was asked for, as it was written. */
  readonly askedFor: string;
  readonly id: string;
  readonly personId: string;
  readonly active: boolean;
  readonly userPrincipalName: string;
  readonly displayName: string;
  readonly givenName: string | null;
  readonly surname: string | null;
  readonly mail: string | null;
  readonly mailNickname: string | null;
  readonly employeeId: string | null;
  readonly accountEnabled: boolean;
}

/**
 * The accounts with these user names, in any case, each looked up.
 */
export async function findAccounts(tx: Tx, userNames: readonly string[]): Promise<StoredAccount[]> {
  const rows = await tx.query<StoredAccount & { extensionAttributes: Record<string, string> }>(
    `select n.name as "askedFor", a.id, p.id as "personId", p.active, a.user_name as "userPrincipalName",
            p.display_name as "displayName", p.given_name as "givenName", p.surname, a.mail, a.mail_nickname as "mailNickname",
            a.employee_id as "employeeId", a.enabled as "accountEnabled", a.extension_attributes as "extensionAttributes"
       from unnest($1::text[]) as n(name)
       cross join ${lookUp('account', 'a', 'a.target_id = 0 and a.user_name_key = lower(n.name)')}
       cross join ${lookUp('person', 'p', 'p.tenant_id = a.tenant_id and p.id = a.person_id')}`,
    [userNames],
  );
  return rows.map(({ extensionAttributes, ...account }) => ({ ...account, ...extensionAttributes }));
}
