import type { Tx } from '../database.ts';

export interface UnfinishedProfile {
  readonly tenantId: string;
  readonly profileId: string;
}

/**
 * Profiles of all tenants that wait for their job: provisioning or deleting. Read as owner; the job itself runs in the
 * tenant. `olderThanSeconds` leaves out those whose wake-up is just under way.
 */
export async function listUnfinishedProfiles(tx: Tx, olderThanSeconds: number): Promise<UnfinishedProfile[]> {
  const rows = await tx.query<{ tenant_id: string; id: string }>(
    `select tenant_id, id from profile where state in ('provisioning', 'deleting')
      and updated_at <= now() - make_interval(secs => $1) order by updated_at limit 1000`,
    [olderThanSeconds],
  );
  return rows.map((row) => ({ tenantId: row.tenant_id, profileId: row.id }));
}
