import { ESCROW_DAYS } from '#core/run/escrow-ladder.ts';

import type { Tx } from '../database.ts';
import { ESCROW_OUTLOOK } from './escrow-outlook.ts';

/** Over 28 days in escrow, due, and nobody is about to try them: a run under way decides for itself when it is complete. */
const OVERDUE = `e.first_at <= now() - make_interval(days => ${ESCROW_DAYS}) and e.next_attempt_at <= now()
  and not exists (select from run w where w.tenant_id = e.tenant_id and w.profile_id = e.profile_id
     and w.state in ('queued', 'staging', 'planning', 'applying', 'broken'))`;

/** Profiles of all tenants with such records: they are paused, expired, or their files are gone. As owner. */
export async function listOverdueProfiles(tx: Tx): Promise<{ tenantId: string; profileId: string }[]> {
  return tx.query(
    `select distinct e.tenant_id as "tenantId", e.profile_id as "profileId" from escrow e where ${OVERDUE}`,
  );
}

/** Drops them. They stay open errors. The caller holds the lock of the profile. @returns how many, by code. */
export async function dropOverdue(
  tx: Tx,
  profileId: string,
): Promise<readonly { readonly code: string; readonly records: number }[]> {
  const rows = await tx.query<{ code: string; records: number }>(
    `with dropped as (
       update escrow e set dropped_at = now(), next_attempt_at = null where e.profile_id = $1 and ${OVERDUE}
       returning e.key, e.code, e.message, e.next_attempt_at, e.dropped_at),
     told as (
       update record_error r set error_message = e.message || ${ESCROW_OUTLOOK}
         from dropped e where r.profile_id = $1 and r.id = e.key returning 1)
     select code, count(*)::integer as records from dropped group by code order by code`,
    [profileId],
  );
  return rows;
}

/** Empties the escrow of a profile, and forgets its errors. @returns how many records were in it. */
export async function emptyEscrow(tx: Tx, profileId: string): Promise<number> {
  const rows = await tx.query<{ records: number }>(
    `with gone as (delete from escrow where profile_id = $1 returning key),
     told as (delete from record_error r using gone where r.profile_id = $1 and r.id = gone.key returning 1)
     select count(*)::integer as records from gone`,
    [profileId],
  );
  return rows[0]?.records ?? 0;
}
