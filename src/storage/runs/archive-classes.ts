import type { Tx } from '../database.ts';
import { IS_MARKED } from '../plan/plan-expired-classes.ts';

/**
 * Moves the classes of a source system that are marked as expired, with all their enrollments, to a source system of their own that no
 * profile uses. So their source ids are free: next year's files make new classes of them. Nobody sees the difference, and no other
 * source writes these rows: it needs no change_seq, and so the counter of the tenant is not held while it lasts.
 * @returns the name of the new source system; null when there was nothing to move.
 */
export async function moveExpiredClasses(
  tx: Tx,
  move: {
    readonly sourceSystemId: string;
    readonly newSystemId: string;
    /** Makes the name of the new source system from that of the old one. */
    readonly nameOf: (name: string) => string;
    readonly expiredOn: string;
    readonly prefix: string;
    /** The run that expires them. */
    readonly runId: string;
  },
): Promise<string | null> {
  const { sourceSystemId, newSystemId, prefix } = move;
  const marked = `l.source_system_id = $1 and l.kind = 'class' and l.active and ${IS_MARKED}`;
  const rows = await tx.query<{ name: string }>(
    `select s.name from source_system s where s.id = $1 and exists (select from link l where ${marked})`,
    [sourceSystemId, prefix],
  );
  if (rows[0] === undefined) return null;
  const name = move.nameOf(rows[0].name);
  await tx.query(
    `insert into source_system (tenant_id, id, name, expired_on, expiration_run_id, expired_from_id, class_anchor)
     select current_tenant(), $1, $2, $3, $4, s.id, s.class_anchor from source_system s where s.id = $5`,
    [newSystemId, name, move.expiredOn, move.runId, sourceSystemId],
  );
  await tx.query(`update link l set source_system_id = $3 where ${marked}`, [
    sourceSystemId,
    prefix,
    newSystemId,
  ]);
  // Ended ones, too: one that came back under its old key would be revived in last year's class. What an expiration ended that was cancelled half way
  // belongs to this one, and to its undo.
  await tx.query(
    `update enrollment e set source_system_id = $2,
            ended_by_expiration = case when e.ended_by_expiration is not null and not e.active then $3::uuid end
      where e.source_system_id = $1 and e.class_id in (select l.object_id from link l where l.source_system_id = $2)`,
    [sourceSystemId, newSystemId, move.runId],
  );
  return name;
}

/** Gives the classes that were moved to a source system the prefix in their external ids. The caller has opened a batch. */
export async function renameExpiredIds(
  tx: Tx,
  moved: { readonly systemId: string; readonly prefix: string; readonly changeSeq: number },
): Promise<void> {
  await tx.query(
    `update class c set version = c.version + 1, change_seq = $3,
            external_id = case when starts_with(coalesce(c.external_id, ''), $2) then c.external_id
                               else $2 || coalesce(c.external_id, l.source_id) end
       from link l where l.source_system_id = $1 and l.kind = 'class' and c.tenant_id = l.tenant_id and c.id = l.object_id`,
    [moved.systemId, moved.prefix, moved.changeSeq],
  );
  // What was written, for the undo: what differs from it later was edited by hand.
  await tx.query(
    `update link l set before_expiration = jsonb_set(l.before_expiration, '{written,externalId}', to_jsonb(c.external_id))
       from class c
      where l.source_system_id = $1 and l.kind = 'class' and c.tenant_id = l.tenant_id and c.id = l.object_id
        and l.before_expiration is not null`,
    [moved.systemId],
  );
}
