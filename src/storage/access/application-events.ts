import type { Tx } from '../database.ts';

export type ApplicationEventName = 'created' | 'updated' | 'secretRotated' | 'revoked';

export interface ApplicationEventRow {
  readonly id: string;
  readonly at: Date;
  readonly event: ApplicationEventName;
  readonly actor: string;
  /** Of an application of this tenant. */
  readonly actorName: string | null;
  readonly detail: unknown;
}

/** Appends a line to the history of an application, in the transaction of the change it tells of. The same id again changes nothing. */
export async function appendApplicationEvent(
  tx: Tx,
  entry: {
    readonly applicationId: string;
    readonly id: string;
    readonly event: ApplicationEventName;
    readonly actor: string;
    readonly detail?: unknown;
  },
): Promise<void> {
  await tx.query(
    `insert into application_event (tenant_id, application_id, id, event, actor, detail)
     values (current_tenant(), $1, $2, $3, $4, $5)
     on conflict do nothing`,
    [
      entry.applicationId,
      entry.id,
      entry.event,
      entry.actor,
      entry.detail === undefined ? null : JSON.stringify(entry.detail),
    ],
  );
}

/** The oldest first. */
export async function listApplicationEvents(tx: Tx, applicationId: string): Promise<ApplicationEventRow[]> {
  return tx.query<ApplicationEventRow>(
    `select e.id, e.at, e.event, e.actor, a.display_name as "actorName", e.detail
     from application_event e
     left join application a on a.id::text = e.actor
     where e.application_id = $1
     order by e.at, e.id`,
    [applicationId],
  );
}
