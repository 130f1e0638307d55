import { type ApplicationRow, APPLICATION_COLUMNS, type SecretRow } from './applications.ts';
import type { Tx } from '../database.ts';

/** Told from other advisory locks by its number; the tenant is the other half of the key. */
const APPLICATIONS_LOCK = 701_655;

/** Until the end of the transaction nobody else changes applications of this tenant: whether one is the last of its kind is seen by all. */
export async function lockApplications(tx: Tx): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1, hashtext(current_tenant()::text))', [APPLICATIONS_LOCK]);
}

/** Ids of those that hold the permission and are not revoked. */
export async function findHolders(tx: Tx, permission: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    'select id from application where revoked_at is null and $1 = any(permissions)',
    [permission],
  );
  return rows.map(({ id }) => id);
}

export async function updateApplication(
  tx: Tx,
  application: {
    readonly id: string;
    readonly displayName: string;
    readonly permissions: readonly string[];
  },
): Promise<ApplicationRow | undefined> {
  const [row] = await tx.query<ApplicationRow>(
    `update application set display_name = $2, permissions = $3 where id = $1 returning ${APPLICATION_COLUMNS}`,
    [application.id, application.displayName, application.permissions],
  );
  return row;
}

/** When each secret that is valid now ends, the oldest secret first; null: it does not end by itself. */
export async function listSecretEnds(tx: Tx, applicationId: string): Promise<(Date | null)[]> {
  const rows = await tx.query<{ expiresAt: Date | null }>(
    `select expires_at as "expiresAt" from application_secret
     where application_id = $1 and (expires_at is null or expires_at > now())
     order by created_at, id`,
    [applicationId],
  );
  return rows.map(({ expiresAt }) => expiresAt);
}

/**
 * Adds a secret. The others end after so many hours, or at once (0), or when they were to end anyway; those that have ended are
 * removed. Answers when the last of the others ends; null: none is left.
 */
export async function replaceSecret(
  tx: Tx,
  input: { readonly applicationId: string; readonly secret: SecretRow; readonly graceHours: number },
): Promise<Date | null> {
  const { applicationId, secret, graceHours } = input;
  await tx.query(
    `update application_secret set expires_at = least(expires_at, now() + make_interval(hours => $2))
     where application_id = $1`,
    [applicationId, graceHours],
  );
  await tx.query('delete from application_secret where application_id = $1 and expires_at <= now()', [
    applicationId,
  ]);
  const [left] = await tx.query<{ endsAt: Date | null }>(
    `select max(expires_at) as "endsAt" from application_secret where application_id = $1`,
    [applicationId],
  );
  await tx.query(
    `insert into application_secret (tenant_id, application_id, id, secret_hash) values (current_tenant(), $1, $2, $3)`,
    [applicationId, secret.id, secret.secretHash],
  );
  return left?.endsAt ?? null;
}
