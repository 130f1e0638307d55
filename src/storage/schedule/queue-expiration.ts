import { ON_EXPIRATION } from '#core/schedule/schedule.ts';

import type { Tx } from '../database.ts';
import { CREATED_AT } from '../runs/enqueue-run.ts';
import { appendRunEvent } from '../runs/run-event.ts';

const CONSEQUENCES = ON_EXPIRATION.filter((choice) => choice !== 'keep');

/**
 * Queues the run that carries out what follows the expiration of a profile, once for each expiration date that was noticed; in one
 * statement with the note of it. Not while a run of the profile is on its way, nor while it is paused: a later look meets it again. A run
 * that is held or suspended stays so: it cannot go on while the profile is expired, and might after a renewal. The caller holds the lock of the profile row.
 * @returns whether it was queued.
 */
export async function queueExpiration(
  tx: Tx,
  expiration: {
    readonly profileId: string;
    readonly runId: string;
    readonly actor: string;
    readonly newId: () => string;
  },
): Promise<boolean> {
  const rows = await tx.query<{ expired_on: string }>(
    `with due as (
       update profile_schedule s set expiration_queued_on = p.expiration_date
         from profile p join tenant t on t.id = p.tenant_id
        where p.id = $1 and s.tenant_id = p.tenant_id and s.profile_id = p.id and p.state = 'provisioned' and p.paused_at is null
          and p.expiration_date <= (now() at time zone t.time_zone)::date
          and s.expired_on = p.expiration_date and s.expiration_queued_on is distinct from p.expiration_date
          and p.settings #>> '{schedule,onExpiration}' = any($4)
          and not exists (select from run w where w.tenant_id = p.tenant_id and w.profile_id = p.id
            and w.state in ('queued', 'staging', 'planning', 'applying', 'broken'))
          and exists (select from link l where l.tenant_id = p.tenant_id and l.source_system_id = p.source_system_id
            and l.kind = 'class' and l.active)
       returning p.tenant_id, p.id, p.expiration_date, p.reset_at)
     insert into run (tenant_id, id, profile_id, state, requested_by, trigger, expired_on, created_at)
     select p.tenant_id, $2, p.id, 'queued', $3, 'expiration', p.expiration_date, ${CREATED_AT} from due p
     returning expired_on`,
    [expiration.profileId, expiration.runId, expiration.actor, CONSEQUENCES],
  );
  const [queued] = rows;
  if (queued === undefined) return false;
  await appendRunEvent(tx, {
    runId: expiration.runId,
    id: expiration.newId(),
    event: 'requested',
    state: 'queued',
    actor: expiration.actor,
    detail: { trigger: 'expiration', expirationDate: queued.expired_on },
  });
  return true;
}
