import { PROVIDER_NAMES, providerRuns, type ProviderType } from '#core/run/profile.ts';

import type { Tx } from '../database.ts';

const RUNNING_PROVIDERS = Object.keys(PROVIDER_NAMES).filter((type) => providerRuns(type as ProviderType));

/**
 * Whether Rollbook may run something for a profile that nobody asked for right now: a retry of what is in escrow, a start by the
 * schedule. Of `profile p join tenant t on t.id = p.tenant_id`; the clock is the database's. In quarantine that is once a
 * day: whoever makes use of it takes the turn (takeQuarantineTurn) in the same transaction. A person's start, resume or reset needs none.
 */
export const MAY_RUN_ON_ITS_OWN = `(p.state = 'provisioned' and p.paused_at is null and p.data_provider ->> 'type' = any('{${RUNNING_PROVIDERS.join()}}')
  and (p.expiration_date is null or (now() at time zone t.time_zone)::date < p.expiration_date)
  and (p.quarantined_at is null or coalesce(p.quarantine_next_attempt_at <= now(), true)))`;

/** The same for one profile. The caller holds the lock of its row. */
export async function mayRunOnItsOwn(tx: Tx, profileId: string): Promise<boolean> {
  const rows = await tx.query(
    `select 1 from profile p join tenant t on t.id = p.tenant_id where p.id = $1 and ${MAY_RUN_ON_ITS_OWN}`,
    [profileId],
  );
  return rows.length > 0;
}

/** A profile in quarantine has had its turn: the next one is that many seconds from now. Nothing for any other profile. */
export async function takeQuarantineTurn(tx: Tx, profileId: string, delaySeconds: number): Promise<void> {
  await tx.query(
    `update profile set quarantine_next_attempt_at = now() + make_interval(secs => $2)
      where id = $1 and quarantined_at is not null`,
    [profileId, delaySeconds],
  );
}
