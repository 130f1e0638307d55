import type { Tx } from '../database.ts';

/** Appends a line to the timeline of a run, in the transaction of the change it tells of. */
export async function appendRunEvent(
  tx: Tx,
  entry: { runId: string; id: string; event: string; state: string; actor: string; detail?: unknown },
): Promise<void> {
  await tx.query(
    `insert into run_event (tenant_id, run_id, id, event, state, actor, detail)
     values (current_tenant(), $1, $2, $3, $4, $5, $6)`,
    [
      entry.runId,
      entry.id,
      entry.event,
      entry.state,
      entry.actor,
      entry.detail === undefined ? null : JSON.stringify(entry.detail),
    ],
  );
}
