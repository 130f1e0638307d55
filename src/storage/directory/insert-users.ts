import type { ExtensionAttribute } from '#core/users/extension-attributes.ts';

import type { Tx } from '../database.ts';

/** A person made by hand, with the account of the built-in directory. Null or undefined: no value. */
export interface NewUser {
  /** Of the person and of the account. */
  readonly id: string;
  readonly userPrincipalName: string;
  readonly mailNickname: string;
  readonly displayName: string;
  readonly accountEnabled: boolean;
  readonly primaryRole?: string | undefined;
  readonly givenName?: string | null | undefined;
  readonly middleName?: string | null | undefined;
  readonly surname?: string | null | undefined;
  readonly mail?: string | null | undefined;
  readonly employeeId?: string | null | undefined;
  readonly usageLocation?: string | null | undefined;
  readonly extensionAttributes?: Readonly<Partial<Record<ExtensionAttribute, string>>>;
  readonly student?:
    | {
        readonly externalId?: string | null | undefined;
        readonly grade?: string | null | undefined;
        readonly graduationYear?: string | null | undefined;
        readonly studentNumber?: string | null | undefined;
        readonly birthDate?: string | null | undefined;
        readonly gender?: string | null | undefined;
      }
    | null
    | undefined;
  /** What stands in person.attributes: addresses. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly teacher?:
    | { readonly externalId?: string | null | undefined; readonly teacherNumber?: string | null | undefined }
    | null
    | undefined;
  /** Sealed by SecretBox. */
  readonly initialPassword?: Buffer;
}

/**
 * Writes people with their accounts. The caller holds the tenant's counter (nextChangeSeq).
 * @returns the ids of those whose user name was free. Those of the others must not stay: the caller rolls back.
 */
export async function insertUsers(tx: Tx, users: readonly NewUser[], changeSeq: number): Promise<string[]> {
  const rows = JSON.stringify(
    users.map((user) => ({ ...user, initialPassword: user.initialPassword?.toString('base64') ?? null })),
  );
  await tx.query(
    `insert into person (tenant_id, id, primary_role, display_name, given_name, middle_name, surname, student_external_id,
                         student_number, grade, graduation_year, teacher_external_id, teacher_number, external_source, attributes, change_seq)
     select current_tenant(), u.id, coalesce(u."primaryRole", 'none'), u."displayName", u."givenName", u."middleName", u.surname,
            u.student ->> 'externalId', u.student ->> 'studentNumber', u.student ->> 'grade', u.student ->> 'graduationYear',
            u.teacher ->> 'externalId', u.teacher ->> 'teacherNumber', 'manual', coalesce(u.attributes, '{}'), $2
       from jsonb_to_recordset($1) as u(id uuid, "primaryRole" text, "displayName" text, "givenName" text, "middleName" text,
            surname text, student jsonb, teacher jsonb, attributes jsonb)`,
    [rows, changeSeq],
  );
  await tx.query(
    `insert into demographics (tenant_id, person_id, birth_date, sex, change_seq)
     select current_tenant(), u.id, (u.student ->> 'birthDate')::date, u.student ->> 'gender', $2
       from jsonb_to_recordset($1) as u(id uuid, student jsonb)
      where u.student ->> 'birthDate' is not null or u.student ->> 'gender' is not null`,
    [rows, changeSeq],
  );
  const inserted = await tx.query<{ id: string }>(
    `insert into account (tenant_id, id, person_id, user_name, mail, mail_nickname, employee_id, enabled, usage_location,
                          extension_attributes, initial_password, change_seq)
     select current_tenant(), u.id, u.id, u."userPrincipalName", u.mail, u."mailNickname", u."employeeId", u."accountEnabled",
            u."usageLocation", coalesce(u."extensionAttributes", '{}'), decode(u."initialPassword", 'base64'), $2
       from jsonb_to_recordset($1) as u(id uuid, "userPrincipalName" text, mail text, "mailNickname" text, "employeeId" text,
            "accountEnabled" boolean, "usageLocation" text, "extensionAttributes" jsonb, "initialPassword" text)
     on conflict (tenant_id, target_id, lower(user_name)) do nothing
     returning id`,
    [rows, changeSeq],
  );
  return inserted.map(({ id }) => id);
}
