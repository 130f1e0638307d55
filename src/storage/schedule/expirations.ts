import type { Tx } from '../database.ts';
import { CREATED_AT } from '../runs/enqueue-run.ts';
import { appendRunEvent } from '../runs/run-event.ts';

/** Classes that expired with a profile and were moved out of the way of later syncs. */
export interface KeptExpiration {
  /** The source system that keeps them. */
  readonly id: string;
  readonly name: string;
  readonly expiredOn: string;
  /** The run that expired them. */
  readonly runId: string;
  /** How many of them are still there: 0 once all were put back. */
  readonly classes: number;
  /** Places of students in classes that are back: of an undo that was cancelled half way. */
  readonly places: number;
  /** What told classes apart when they expired is what tells them apart now. */
  readonly sameAnchor: boolean;
}

/** What the expirations of a profile keep, the newest first. */
export async function listExpirations(tx: Tx, profileId: string): Promise<KeptExpiration[]> {
  return tx.query<KeptExpiration & object>(
    `select s.id, s.name, s.expired_on as "expiredOn", s.expiration_run_id as "runId", s.class_anchor = o.class_anchor as "sameAnchor",
            (select count(*)::integer from link l where l.source_system_id = s.id and l.kind = 'class') as classes,
            (select count(*)::integer from enrollment e
              where e.tenant_id = s.tenant_id and e.ended_by_expiration = s.expiration_run_id and e.source_system_id = o.id) as places
       from profile p
       join source_system o on o.tenant_id = p.tenant_id and o.id = p.source_system_id
       join source_system s on s.tenant_id = p.tenant_id and s.expired_from_id = p.source_system_id
      where p.id = $1 and s.expiration_run_id is not null
      order by s.created_at desc, s.id desc`,
    [profileId],
  );
}

/** The undo is over: places that it left alone are those of classes that are back, and nothing is left to ask for. */
export async function forgetEndedPlaces(
  tx: Tx,
  undo: { readonly sourceSystemId: string; readonly keptInId: string },
): Promise<void> {
  await tx.query(
    `update enrollment e set ended_by_expiration = null
       from source_system s where s.id = $2 and e.tenant_id = s.tenant_id and e.ended_by_expiration = s.expiration_run_id
        and e.source_system_id = $1`,
    [undo.sourceSystemId, undo.keptInId],
  );
}

export interface UndoRun {
  readonly id: string;
  readonly state: string;
  readonly keptInId: string | null;
}

/** Runs of a profile that are on their way, and undos that wait for their approval; locked. The caller holds the lock of the profile row. */
export async function lockRunsUnderWay(tx: Tx, profileId: string): Promise<UndoRun[]> {
  return tx.query<UndoRun & object>(
    `select id, state, kept_in_id as "keptInId" from run
      where profile_id = $1 and not plan_only
        and (state in ('queued', 'staging', 'planning', 'applying', 'suspended', 'broken') or (state = 'held' and trigger = 'expirationUndo'))
      order by created_at for no key update`,
    [profileId],
  );
}

/** Queues the run that puts back what an expiration changed. The caller holds the lock of the profile row, and no run of it is on its way. */
export async function queueExpirationUndo(
  tx: Tx,
  undo: {
    readonly profileId: string;
    readonly runId: string;
    readonly expiration: KeptExpiration;
    readonly actor: string;
    readonly newId: () => string;
  },
): Promise<void> {
  const { profileId, runId, expiration, actor } = undo;
  await tx.query(
    `insert into run (tenant_id, id, profile_id, state, requested_by, trigger, expired_on, kept_in_id, created_at)
     select p.tenant_id, $2, p.id, 'queued', $3, 'expirationUndo', $4, $5, ${CREATED_AT} from profile p where p.id = $1`,
    [profileId, runId, actor, expiration.expiredOn, expiration.id],
  );
  await appendRunEvent(tx, {
    runId,
    id: undo.newId(),
    event: 'requested',
    state: 'queued',
    actor,
    detail: {
      trigger: 'expirationUndo',
      expirationDate: expiration.expiredOn,
      expirationRunId: expiration.runId,
    },
  });
}
