import type { RosterFormat } from '#core/roster/formats.ts';

import type { Tx } from '../database.ts';

/** What became of the files of an upload when they were read. `format`: they are a whole set of it; null: they could not be used. */
export async function saveReading(tx: Tx, uploadId: string, format: RosterFormat | null): Promise<void> {
  // What was merged stays a base, since each of its files could be read; and so does what was a whole set once, under other settings.
  await tx.query(
    `update upload set reading = case when $2::text is null then 'refused' else 'whole' end, format = $2
      where id = $1 and base_upload_id is null
        and case when $2::text is null then reading is null else reading is distinct from 'merged' end`,
    [uploadId, format],
  );
}
