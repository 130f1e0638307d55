import { SHARED_ID_FORMATS } from '#core/roster/formats.ts';

import type { Tx } from '../database.ts';
import { ITEMS, type ItemRange } from './item-range.ts';

/** The format of the run has one id for each user. Looked up once. */
const SHARED_IDS = `coalesce((select counts -> 'format' ->> 'name' = any ($5) from run where id = $1), false)`;

/** Every applied record of a linked kind has its link, with what the source said and its content hash. */
export async function saveLinks(tx: Tx, range: ItemRange): Promise<void> {
  await tx.query(
    `with ${ITEMS}
     insert into link as l (tenant_id, source_system_id, kind, source_id, key, content, object_id, attributes, shared_user_id, first_run_id, last_run_id)
     select current_tenant(), $4, kind, source_id, key, content, object_id, after, kind in ('student', 'teacher') and ${SHARED_IDS}, run_id, run_id
       from item
     on conflict (tenant_id, source_system_id, kind, source_id) do update
        set content = excluded.content, attributes = excluded.attributes, object_id = excluded.object_id,
            shared_user_id = excluded.shared_user_id, active = true, last_run_id = excluded.last_run_id`,
    [range.runId, range.firstItemNo, range.lastItemNo, range.sourceSystemId, SHARED_ID_FORMATS],
  );
}
