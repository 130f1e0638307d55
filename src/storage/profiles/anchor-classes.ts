import type { ClassAnchor } from '#core/roster/class-anchor.ts';

import type { Tx } from '../database.ts';
import { SOURCE_SESSION } from '../plan/source-references.ts';

export async function readClassAnchor(tx: Tx, sourceSystemId: string): Promise<ClassAnchor> {
  const rows = await tx.query<{ class_anchor: ClassAnchor }>(
    'select class_anchor from source_system where id = $1',
    [sourceSystemId],
  );
  return rows[0]?.class_anchor ?? 'id';
}

export async function saveClassAnchor(tx: Tx, sourceSystemId: string, anchor: ClassAnchor): Promise<void> {
  await tx.query('update source_system set class_anchor = $2 where id = $1', [sourceSystemId, anchor]);
}

/** A class of a source system by its link, active or not. */
export interface ClassLink {
  readonly key: string;
  readonly sourceId: string;
  readonly classId: string;
  /** Source id of the session that the source named last; '': none. */
  readonly sessionId: string;
}

export async function readClassLinks(tx: Tx, sourceSystemId: string): Promise<ClassLink[]> {
  return tx.query<ClassLink & object>(
    `select l.key, l.source_id as "sourceId", l.object_id as "classId", coalesce(s.source_id, '') as "sessionId"
       from link l join class c on c.tenant_id = l.tenant_id and c.id = l.object_id
       left join link s on s.tenant_id = l.tenant_id and s.object_id = ${SOURCE_SESSION} and s.source_system_id = l.source_system_id
      where l.source_system_id = $1 and l.kind = 'class'`,
    [sourceSystemId],
  );
}

/** What a link of a class becomes. */
export interface ClassRenaming {
  readonly classId: string;
  readonly key: string;
  readonly newKey: string;
  readonly sourceId: string;
  readonly newSourceId: string;
}

/** Gives links of classes other keys and source ids, and the classes the external ids that show them, unless those were written by hand. */
export async function renameClassLinks(
  tx: Tx,
  sourceSystemId: string,
  changeSeq: number,
  renamings: readonly ClassRenaming[],
): Promise<void> {
  const values = [
    renamings.map(({ classId }) => classId),
    renamings.map(({ key }) => key),
    renamings.map(({ newKey }) => newKey),
    renamings.map(({ sourceId }) => sourceId),
    renamings.map(({ newSourceId }) => newSourceId),
  ];
  const RENAMED = `unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[]) as n(class_id, key, new_key, source_id, new_source_id)`;
  await tx.query(
    `update link l set key = n.new_key, source_id = n.new_source_id
       from ${RENAMED} where l.source_system_id = $1 and l.kind = 'class' and l.source_id = n.source_id and l.key = n.key`,
    [sourceSystemId, ...values],
  );
  await tx.query(
    `update class c set external_id = n.new_source_id, version = c.version + 1, change_seq = $1
       from ${RENAMED} where c.id = n.class_id and c.external_id = n.source_id`,
    [changeSeq, ...values],
  );
}

/** Keys of all places in classes from a source system, ended ones too. */
export async function readEnrollmentKeys(
  tx: Tx,
  sourceSystemId: string,
  classIds: readonly string[],
): Promise<{ key: string; classId: string }[]> {
  return tx.query(
    `select key, class_id as "classId" from enrollment where source_system_id = $1 and class_id = any($2)`,
    [sourceSystemId, classIds],
  );
}

/** Gives enrollments other keys. Nobody sees the difference: it needs no change_seq. */
export async function renameEnrollments(
  tx: Tx,
  sourceSystemId: string,
  keys: readonly { readonly key: string; readonly newKey: string }[],
): Promise<void> {
  await tx.query(
    `update enrollment e set key = n.new_key from unnest($2::uuid[], $3::uuid[]) as n(key, new_key)
      where e.source_system_id = $1 and e.key = n.key`,
    [sourceSystemId, keys.map(({ key }) => key), keys.map(({ newKey }) => newKey)],
  );
}

/** Whether a run of the profile is queued or executes. */
export async function hasRunUnderWay(tx: Tx, profileId: string): Promise<boolean> {
  const rows = await tx.query(
    `select 1 from run where profile_id = $1 and state in ('queued', 'staging', 'planning', 'applying') limit 1`,
    [profileId],
  );
  return rows.length > 0;
}
