import type { Tx } from '../database.ts';

/** Appends a line to the history of a profile, in the transaction of the change it tells of. */
export async function appendProfileEvent(
  tx: Tx,
  entry: { profileId: string; id: string; event: string; state: string; actor: string; detail?: unknown },
): Promise<void> {
  await tx.query(
    `insert into profile_event (tenant_id, profile_id, id, event, state, actor, detail)
     values (current_tenant(), $1, $2, $3, $4, $5, $6)`,
    [
      entry.profileId,
      entry.id,
      entry.event,
      entry.state,
      entry.actor,
      entry.detail === undefined ? null : JSON.stringify(entry.detail),
    ],
  );
}
