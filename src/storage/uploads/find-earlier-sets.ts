import type { RosterFormat } from '#core/roster/formats.ts';

import type { Tx } from '../database.ts';
import { listFiles, type UploadFile } from './list-files.ts';

/** A sealed upload that delta files may be merged into. */
export interface EarlierSet {
  readonly uploadId: string;
  /** Null: it was refused, and is erased by now. Its changes are missing all the same. */
  readonly wrappedKey: Buffer | null;
  readonly sealedAt: Date;
  /** Made by Rollbook of delta files and the set before them. */
  readonly merged: boolean;
  /** What it was read as; null: no run has read it yet, since a newer start took its place. */
  readonly format: RosterFormat | null;
  /** A run has read it, and could not use it: what it would have changed is not known. */
  readonly refused: boolean;
  readonly files: readonly UploadFile[];
}

/** So many uploads that no run has read are looked through, of which there is at most one for each start that took the place of another; and as many that were refused. */
const MAX_SETS = 100;

/**
 * What delta files change, by the source's own order: the newest whole set of the source system before that upload, and behind it what was uploaded since
 * and that no run has read, or could use. Without the first: there was none, or its bytes are erased.
 */
export async function findEarlierSets(
  tx: Tx,
  sourceSystemId: string,
  uploadId: string,
): Promise<EarlierSet[]> {
  const rows = await tx.query<{
    id: string;
    wrapped_key: Buffer | null;
    sealed_at: Date;
    merged: boolean;
    reading: string | null;
    format: RosterFormat | null;
  }>(
    `with earlier as (
       select u.* from upload u join profile p on p.tenant_id = u.tenant_id and p.id = u.profile_id
        where p.source_system_id = $1 and u.id <> $2 and u.sealed_at < (select sealed_at from upload where id = $2)),
     since as (
       select e.*, row_number() over (partition by e.reading order by e.sealed_at desc) as place
         from earlier e
        where (e.state = 'sealed' and e.wrapped_key is not null and (e.reading is null or e.reading = 'whole') or e.reading = 'refused')
          and e.sealed_at >= coalesce((select max(sealed_at) from earlier where reading = 'whole'), '-infinity'))
     select id, wrapped_key, sealed_at, base_upload_id is not null as merged, reading, format
       from since where place <= $3 order by sealed_at desc`,
    [sourceSystemId, uploadId, MAX_SETS],
  );
  const sets: EarlierSet[] = [];
  for (const row of rows.toReversed())
    sets.push({
      uploadId: row.id,
      wrappedKey: row.wrapped_key,
      sealedAt: row.sealed_at,
      merged: row.merged,
      format: row.reading === 'whole' ? row.format : null,
      refused: row.reading === 'refused',
      files: await listFiles(tx, row.id),
    });
  return sets;
}
