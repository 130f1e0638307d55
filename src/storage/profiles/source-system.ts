import type { ProviderType } from '#core/run/profile.ts';

import type { Tx } from '../database.ts';

/** Makes the creations of profiles with one name of one tenant wait for each other until the transaction ends. */
export async function lockProfileName(tx: Tx, name: string): Promise<void> {
  await tx.query(
    `select pg_advisory_xact_lock(hashtextextended('profile name ' || current_tenant() || ' ' || $1, 0))`,
    [name],
  );
}

export async function insertSourceSystem(tx: Tx, system: { id: string; name: string }): Promise<void> {
  await tx.query('insert into source_system (tenant_id, id, name) values (current_tenant(), $1, $2)', [
    system.id,
    system.name,
  ]);
}

/** Keeps the name of a source system that of its profile, so that a later profile of the same name finds it. */
export async function renameSourceSystem(tx: Tx, system: { id: string; name: string }): Promise<void> {
  await tx.query('update source_system set name = $2 where id = $1 and name <> $2', [system.id, system.name]);
}

/**
 * The source system that a new profile of this name takes over: one whose profiles are all deleted, or being deleted,
 * the last of them of the same provider. The one deleted last, when there are several. Null: there is none.
 */
export async function findAdoptableSourceSystem(
  tx: Tx,
  wanted: { name: string; providerType: ProviderType },
): Promise<string | null> {
  const rows = await tx.query<{ id: string }>(
    `select s.id
       from source_system s
      cross join lateral (
        select bool_and(p.state in ('deleting', 'deletionFailed', 'deleted')) as free,
               (array_agg(p.data_provider ->> 'type' order by p.created_at desc, p.id desc))[1] as provider_type,
               max(p.updated_at) as last_used
          from profile p
         where p.tenant_id = s.tenant_id and p.source_system_id = s.id) used
      where lower(btrim(s.name)) = $1 and s.expired_on is null and used.free and used.provider_type = $2
      order by used.last_used desc, s.id desc limit 1`,
    [wanted.name, wanted.providerType],
  );
  return rows[0]?.id ?? null;
}

/**
 * Whether the source system exists and which state and provider its newest profile has; null: no such system. `keepsExpired`: it
 * keeps the classes of an expired profile, and no profile may use it. That of what was made by hand is none to a profile.
 */
export async function readSourceSystemUse(
  tx: Tx,
  id: string,
  exceptProfileId: string,
): Promise<{ name: string; free: boolean; keepsExpired: boolean; providerType: string | null } | null> {
  const rows = await tx.query<{
    name: string;
    free: boolean | null;
    expired: boolean;
    provider_type: string | null;
  }>(
    `select s.name, s.expired_on is not null as expired, bool_and(p.state in ('deleting', 'deletionFailed', 'deleted')) as free,
            (array_agg(p.data_provider ->> 'type' order by p.created_at desc))[1] as provider_type
       from source_system s
       left join profile p on p.tenant_id = s.tenant_id and p.source_system_id = s.id and p.id <> $2
      where s.id = $1 and s.id <> current_tenant() group by s.name, s.expired_on`,
    [id, exceptProfileId],
  );
  const row = rows[0];
  return row
    ? { name: row.name, free: row.free ?? true, keepsExpired: row.expired, providerType: row.provider_type }
    : null;
}

/** How far the deletion of the older profiles of a source system is: a new profile waits for it. */
export async function readOlderDeletions(
  tx: Tx,
  sourceSystemId: string,
  exceptProfileId: string,
): Promise<'none' | 'running' | 'failed'> {
  const rows = await tx.query<{ state: string }>(
    `select state from profile where source_system_id = $1 and id <> $2 and state in ('deleting', 'deletionFailed')`,
    [sourceSystemId, exceptProfileId],
  );
  if (rows.some((row) => row.state === 'deletionFailed')) return 'failed';
  return rows.length > 0 ? 'running' : 'none';
}

/** Makes the row that counts the generations of the snapshot, when it is not there yet. */
export async function ensureSnapshotState(tx: Tx, sourceSystemId: string): Promise<void> {
  await tx.query(
    `insert into snapshot_state (tenant_id, source_system_id) values (current_tenant(), $1) on conflict do nothing`,
    [sourceSystemId],
  );
}
