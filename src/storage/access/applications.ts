import type { Tx } from '../database.ts';

export interface ApplicationRow {
  readonly id: string;
  readonly displayName: string;
  readonly permissions: readonly string[];
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

export interface SecretRow {
  readonly id: string;
  readonly secretHash: string;
}

export const APPLICATION_COLUMNS = `id, display_name as "displayName", permissions, created_at as "createdAt", revoked_at as "revokedAt"`;

/** Adds an application with its first secret. One that is there already (the same id) stays as it is. */
export async function insertApplication(
  tx: Tx,
  application: {
    readonly id: string;
    readonly displayName: string;
    readonly permissions: readonly string[];
    readonly secret: SecretRow;
  },
): Promise<void> {
  await tx.query(
    `insert into application (tenant_id, id, display_name, permissions) values (current_tenant(), $1, $2, $3)
     on conflict do nothing`,
    [application.id, application.displayName, application.permissions],
  );
  await tx.query(
    `insert into application_secret (tenant_id, application_id, id, secret_hash) values (current_tenant(), $1, $2, $3)
     on conflict do nothing`,
    [application.id, application.secret.id, application.secret.secretHash],
  );
}

/** Applications of the tenant, revoked ones too, the oldest first. */
export async function listApplications(tx: Tx): Promise<ApplicationRow[]> {
  return tx.query<ApplicationRow>(`select ${APPLICATION_COLUMNS} from application order by created_at, id`);
}

export async function findApplication(tx: Tx, id: string): Promise<ApplicationRow | undefined> {
  const [row] = await tx.query<ApplicationRow>(
    `select ${APPLICATION_COLUMNS} from application where id = $1`,
    [id],
  );
  return row;
}

/** The secrets that an application may sign in with now: none when it is revoked, or is not there. */
export async function findValidSecrets(tx: Tx, applicationId: string): Promise<SecretRow[]> {
  return tx.query<SecretRow>(
    `select secret.id, secret.secret_hash as "secretHash"
     from application_secret secret
     join application on application.tenant_id = secret.tenant_id and application.id = secret.application_id
     where secret.application_id = $1 and application.revoked_at is null
       and (secret.expires_at is null or secret.expires_at > now())
     order by secret.created_at desc`,
    [applicationId],
  );
}

/** Revokes an application and forgets its secrets. Undefined when there is none; the first revocation's time stays. */
export async function revokeApplication(tx: Tx, id: string): Promise<ApplicationRow | undefined> {
  const [row] = await tx.query<ApplicationRow>(
    `update application set revoked_at = coalesce(revoked_at, now()) where id = $1 returning ${APPLICATION_COLUMNS}`,
    [id],
  );
  await tx.query('delete from application_secret where application_id = $1', [id]);
  return row;
}
